"""Asking the controller's account directory, which may be slow, broken, or away.

A confirmation must not be lost for that: the question is asked in a thread of its own and given up after a few
seconds. Handles without an answer stay claimed, are in force as handles, and are asked about again by a task.
"""

import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.module_loading import import_string

from demur.core.identifier import check_account

if TYPE_CHECKING:
    from demur.core.account import AccountDirectory

WAIT_SECONDS = 3.0
"""How long a person who confirms waits for the directory."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What the directory said of a handle: the accounts (`namespace:stable-id`) that it means, maybe none."""

    handle: str
    accounts: tuple[str, ...]


def ask_directory(handles: Sequence[str], wait_seconds: float = WAIT_SECONDS) -> list[Answer]:
    """Return the answers for normalised handles; a shorter list when the directory failed, or took longer in all.

    Never raises for what the directory does.
    """
    answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
    # A daemon thread: a directory that hangs for ever must not keep the process from ending.
    threading.Thread(target=_ask, args=(tuple(handles), answers), daemon=True).start()
    found: list[Answer] = []
    until = time.monotonic() + wait_seconds
    try:
        while (answer := answers.get(timeout=max(until - time.monotonic(), 0))) is not None:
            found.append(answer)
    except queue.Empty:
        _log.warning("the account directory took longer than %s seconds", wait_seconds)
    return found


def _ask(handles: tuple[str, ...], answers: "queue.SimpleQueue[Answer | None]") -> None:
    try:
        directory: AccountDirectory = import_string(settings.DEMUR_ACCOUNT_DIRECTORY)()
        for handle in handles:
            accounts = {check_account(account.account) for account in directory.find_accounts(handle)}
            answers.put(Answer(handle, tuple(sorted(accounts))))
    except Exception as error:  # noqa: BLE001  (the directory is somebody else's code; its words may be personal)
        _log.warning("the account directory failed: %s", type(error).__name__)
    finally:
        answers.put(None)

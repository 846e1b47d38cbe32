"""What is done after a request: logging, mail, publishing, asking, hashing photos, erasing.

What waits to be done stands in the tables themselves, since the transaction that made it due: a statement without a
place in the log, a queued mail, a case that wishes for a list, a handle without an answer, a photo without hashes. Each
duty takes some of it, may run twice, and may be cut off at any instant, without harm.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import InterfaceError, OperationalError

from demur.core.canonical import JsonObject
from demur.core.entry import Event
from demur.core.errors import DemurError
from demur.docket import delivery, photo_hashing, publishing, resolution, sequencing
from demur.docket.services import erase_photos, erase_unconfirmed

_AFTER_FAILURE_SECONDS, _LONGEST_PAUSE_SECONDS = 2.0, 3600.0  # short at first: a list is promised within a minute
_MOST_DOUBLINGS = 11
_MOST_REST_SECONDS = 40.0
_ASK_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass
class Duty:
    """Something that the worker does again and again.

    Attributes:
        name: for the log.
        act: does some of what waits; tells whether there was anything.
        every_seconds: it is done no more often.
        share: of the time that it may take. After taking long it rests, for 40 seconds at most.
    """

    name: str
    act: Callable[[datetime], bool]
    every_seconds: float = 0.0
    share: float = 1.0
    _failures: int = 0
    _not_before: float = 0.0  # as time.monotonic() tells it, since the clock may be set back

    def do_if_due(self, now: datetime) -> bool:
        """Do it, unless it rests; tell whether there was anything to do.

        Raises:
            OperationalError, InterfaceError: the database is away. Any other failure is logged, and ends in a pause.
        """
        began = time.monotonic()
        if began < self._not_before:
            return False
        try:
            found = self.act(now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001  (what is wrong with one duty must not keep the others from theirs)
            pause = min(_AFTER_FAILURE_SECONDS * 2 ** min(self._failures, _MOST_DOUBLINGS), _LONGEST_PAUSE_SECONDS)
            self._failures += 1
            self._not_before = time.monotonic() + pause
            # Our own sentences hold nothing about a person; of others only the kind is told.
            words = str(error) if isinstance(error, DemurError) else type(error).__name__
            _log.error("%s: %s; trying again in %.0f seconds", self.name, words, pause)
            return False
        self._failures = 0
        took = time.monotonic() - began
        self._not_before = began + max(min(took / self.share, took + _MOST_REST_SECONDS), self.every_seconds)
        return found


def all_duties() -> tuple[Duty, ...]:
    """Return the worker's duties in the order of a round, none of them done yet."""
    return (
        Duty("writing the log", lambda _now: sequencing.append_waiting() > 0),
        Duty("delivering mails", lambda now: delivery.deliver_due(now) > 0),
        Duty("publishing lists", _publish_if_due, every_seconds=10, share=0.02),
        Duty("asking the directory", lambda now: resolution.ask_about_oldest(now, _ASK_SECONDS), share=0.2),
        Duty("hashing photos", lambda _now: photo_hashing.hash_next(), share=0.5),
        Duty("erasing", _erase, every_seconds=60),
    )


def publish_list(now: datetime) -> int | None:
    """Publish a suppression list if what is in force changed, or the newest is half-way to its end, and log it.

    Returns:
        The list's number; None if none was needed.
    """

    def announce(statement: JsonObject) -> None:
        sequencing.add_statement(Event.LIST_PUBLISHED, statement, now, None)

    return publishing.publish(now, announce)


def _publish_if_due(now: datetime) -> bool:
    if not publishing.is_due(now):
        return False
    publish_list(now)
    return True


def _erase(now: datetime) -> bool:
    erase_photos(now)
    return erase_unconfirmed(now) > 0

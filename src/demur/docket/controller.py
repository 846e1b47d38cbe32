"""The controller of this installation: `<home>/controller.yaml`, which docs/spec/controller.md specifies."""

import logging
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

from demur.controller.controller import Controller
from demur.controller.errors import ControllerFileError
from demur.controller.file import load_controller

CONTROLLER_FILE: Final = "controller.yaml"
_ABSENT: Final = 0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Held:
    """The last controller that could be used, and the state of the file that was looked at since, good or not."""

    controller: Controller
    changed_ns: int


_held: dict[Path, _Held] = {}


def get_controller() -> Controller:
    """Return the controller of this installation, from DEMUR_HOME. Reads the file again only when it changed.

    A slip of whoever edits the file closes no page: a process that has read it once goes on with what it read, and
    the log says, once for each edit, what is wrong in which line.

    Raises:
        ControllerFileError: the file cannot be used, and never could since this process began.
    """
    path = _path(settings.DEMUR_HOME)
    held, changed_ns = _held.get(path), _changed_ns(path)
    if held is not None and held.changed_ns == changed_ns:
        return held.controller
    try:
        controller = _load(path, changed_ns)
    except ControllerFileError as error:
        if held is None:
            raise
        _log_slips(error)
        controller = held.controller
    _held[path] = _Held(controller, changed_ns)
    return controller


@cache
def _path(home: Path) -> Path:
    return Path(home) / CONTROLLER_FILE


def _changed_ns(path: Path) -> int:
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116  (asked for each page, and half as long as Path's)
    except OSError:
        return _ABSENT


def _log_slips(error: ControllerFileError) -> None:
    for sentence in str(error).splitlines():
        logger.error("%s; the controller's file as it was before stays in use", sentence)


def _load(path: Path, changed_ns: int) -> Controller:
    if changed_ns == _ABSENT:
        raise ControllerFileError(
            f'there is no "{CONTROLLER_FILE}" in the home folder',
            hint='run "demur init" first',
        )
    return load_controller(path)

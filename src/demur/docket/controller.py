"""The controller of this installation: `<home>/controller.yaml`, which docs/spec/controller.md specifies."""

from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

from demur.controller.controller import Controller
from demur.controller.errors import ControllerFileError
from demur.controller.file import load_controller

CONTROLLER_FILE: Final = "controller.yaml"


def get_controller() -> Controller:
    """Return the controller of this installation, from DEMUR_HOME. Reads the file again only when it changed."""
    path = _path(settings.DEMUR_HOME)
    try:
        return _cached(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ControllerFileError(
            f'there is no "{CONTROLLER_FILE}" in the home folder',
            hint='run "demur init" first',
        ) from error


@cache
def _path(home: Path) -> Path:
    return Path(home) / CONTROLLER_FILE


@cache
def _cached(path: Path, _changed_ns: int) -> Controller:
    return load_controller(path)

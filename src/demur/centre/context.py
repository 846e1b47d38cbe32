"""The controller, for every page: its name in the frame, its address in the foot."""

from django.http import HttpRequest

from demur.controller.controller import Controller
from demur.controller.errors import ControllerFileError
from demur.docket.controller import get_controller


def controller(request: HttpRequest) -> dict[str, Controller | None]:  # noqa: ARG001  (Django's signature)
    """Give templates `controller`; None where its file is broken, so that the error page about that can be drawn."""
    try:
        return {"controller": get_controller()}
    except ControllerFileError:
        return {"controller": None}

"""The controller room's error.

DemurError
└── ControllerFileError    controller.yaml cannot be used; names the file, the line and the field
"""

from demur.core.errors import DemurError


class ControllerFileError(DemurError):
    """The controller's file cannot be used: each line of the message is one thing that is wrong with it."""

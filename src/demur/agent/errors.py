"""The agent's errors.

AgentError
├── DirectoryError          the directory of procedures is not what it should be
└── PhotoNotWrittenError    a photo cannot be read from or written to the disk

PhotoError
└── PictureError            a photo cannot be decoded
"""

from demur.core.errors import DemurError
from demur.reservations.photo_errors import PhotoError


class AgentError(DemurError):
    """Something went wrong in a person's own tool."""


class DirectoryError(AgentError):
    """An entry of the directory of procedures is damaged or says something that this version does not know."""


class PhotoNotWrittenError(AgentError):
    """A photo cannot be read from the disk or written to it; nothing is there that was not there before."""


class PictureError(PhotoError):
    """A photo cannot be decoded, so nobody could tell whether its picture stays the same."""

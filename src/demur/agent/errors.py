"""The agent's errors.

AgentError
├── DirectoryError          the directory of procedures is not what it should be
├── PhotoKeyError           the key for signing photos cannot be used
└── PhotoNotWrittenError    a photo cannot be read from or written to the disk

PhotoError
├── PictureError            a photo cannot be decoded
└── SigningError            a photo cannot be signed
"""

from demur.core.errors import DemurError
from demur.reservations.photo_errors import PhotoError


class AgentError(DemurError):
    """Something went wrong in a person's own tool."""


class DirectoryError(AgentError):
    """An entry of the directory of procedures is damaged or says something that this version does not know."""


class PhotoKeyError(AgentError):
    """The key for signing photos is not one, is not private, or cannot be read or made."""


class PhotoNotWrittenError(AgentError):
    """A photo cannot be read from the disk or written to it; nothing is there that was not there before."""


class PictureError(PhotoError):
    """A photo cannot be decoded, so nobody could tell whether its picture stays the same."""


class SigningError(PhotoError):
    """A photo cannot be signed, or something in it would be lost."""

"""Why a photo has no hash.

DemurError
└── PhotoError
    ├── UnreadablePhotoError     not a picture that can be read, or a broken one
    ├── PhotoTooLargeError       more bytes or pixels than the limits allow
    └── PhotoTooSlowError        decoding took longer than the limits allow

Whatever the bytes, nothing else is raised: what a decoder raises is wrapped. No message holds anything of the photo.
"""

from demur.core.errors import DemurError


class PhotoError(DemurError):
    """No hash can be made of these bytes."""


class UnreadablePhotoError(PhotoError):
    """The bytes are not a picture of a kind that is read, or a broken one."""


class PhotoTooLargeError(PhotoError):
    """The photo has more bytes or pixels than the limits allow."""


class PhotoTooSlowError(PhotoError):
    """Decoding took longer than the limits allow."""

    retry_can_help = True

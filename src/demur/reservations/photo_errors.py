"""Why a photo cannot be read or changed.

FormatError
└── PhotoError                   a photo is not what it should be, or not of a kind that can be changed
    ├── DamagedPhotoError        its bytes contradict themselves, or end early
    ├── UnsupportedPhotoError    a kind of file into which nothing is written
    ├── SignedPhotoError         it is signed, and the change would break the signature
    └── XmpError                 its XMP packet cannot be read, so nothing can be merged into it

No message holds anything that the photo says.
"""

from demur.core.errors import FormatError


class PhotoError(FormatError):
    """A photo is not what it should be, or not of a kind that can be changed."""


class DamagedPhotoError(PhotoError):
    """The bytes of a photo contradict themselves, or end early."""


class UnsupportedPhotoError(PhotoError):
    """A kind of file into which nothing is written."""


class SignedPhotoError(PhotoError):
    """A photo carries signed content credentials, and a change would break their signature."""


class XmpError(PhotoError):
    """An XMP packet cannot be read, so nothing can be merged into it."""

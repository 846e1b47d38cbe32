"""The errors of the sample room.

SampleError
├── SampleSizeError          a sample of these numbers cannot be made
├── SampleFolderError        the folder is somebody else's, or is not a finished sample
├── PhotographsMissingError  the package that ships the photographs is not installed
├── PortTakenError           another program listens where one of ours should
├── FolderTakenError         another mail catcher keeps its mails in the folder
└── MailUnknownError         no such mail was caught

A sample holds only made-up people; even so no message names one, so that none has to be changed for a real platform.
"""

from demur.core.errors import DemurError


class SampleError(DemurError):
    """The made-up world could not be made or served."""


class SampleSizeError(SampleError):
    """A sample of these numbers cannot be made."""


class SampleFolderError(SampleError):
    """The folder holds something that is not ours to replace, or not a finished sample."""


class PhotographsMissingError(SampleError):
    """The package that ships the photographs is not installed, or ships others."""


class PortTakenError(SampleError):
    """Another program listens on the port that the mail catcher or the sign-in should have."""


class FolderTakenError(SampleError):
    """Another mail catcher keeps its mails in the folder."""


class MailUnknownError(SampleError):
    """No mail of this number was caught."""

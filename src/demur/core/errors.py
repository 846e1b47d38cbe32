"""The errors that every room's own errors descend from.

DemurError
├── FormatError                  bytes are not what their specification says
├── VerificationError            well-formed, but not what was signed or logged
│   ├── SignatureMismatchError
│   ├── CommitmentMismatchError
│   ├── RootHashMismatchError
│   ├── DigestMismatchError
│   └── ExpiredError
├── UnsealError                  sealed bytes do not open with this key
└── TransitionError              a case cannot go from this state to that one

A message says what happened, to what, and what it means; `hint` says what to do next. Neither ever holds personal
data or a secret. Lower case and without a full stop, since they end up in terminals after "demur: error: ".
"""


class DemurError(Exception):
    """Something that a person should be told in one sentence.

    Attributes:
        hint: what to do next; empty when the message says it all.
        retry_can_help: whether the same call may succeed later, with nothing changed.
    """

    retry_can_help = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class FormatError(DemurError):
    """Bytes are not what their specification in docs/spec says."""


class VerificationError(DemurError):
    """Bytes are well-formed, but are not what was signed or logged."""


class SignatureMismatchError(VerificationError):
    """No signature by the expected key is valid for these bytes."""


class CommitmentMismatchError(VerificationError):
    """A statement and its salt do not give the commitment that was logged."""


class RootHashMismatchError(VerificationError):
    """A Merkle proof leads to another root than the checkpoint's."""


class DigestMismatchError(VerificationError):
    """A file's SHA-256 is not the one that a signed statement names."""


class ExpiredError(VerificationError):
    """A signed statement was valid, but not at this instant."""


class UnsealError(DemurError):
    """Sealed bytes do not open: another key, or bytes that were changed."""


class TransitionError(DemurError):
    """A case cannot go from its state to the one that was asked for."""

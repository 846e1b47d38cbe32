"""The errors of the ledger.

DemurError
└── LedgerError
    ├── KeyFileError       a key file is absent, damaged, or open to others
    ├── LogDamagedError    the log's files are not what its key signed (also a VerificationError)
    ├── LogBoundsError     no such entry or tree size, or an entry that is too long to be logged
    └── StorageError       the disk refused; the same call may succeed later
"""

from demur.core.errors import DemurError, VerificationError


class LedgerError(DemurError):
    """Something about keys or the log that a person should be told in one sentence."""


class KeyFileError(LedgerError):
    """A key file is absent, damaged, or readable by others; it is not used."""


class LogDamagedError(LedgerError, VerificationError):
    """The log's files are not what its key signed. Nothing is appended to such a log."""


class LogBoundsError(LedgerError):
    """No such entry or tree size, or an entry longer than an entry bundle can hold."""


class StorageError(LedgerError):
    """The disk refused an operation (full, read-only, failing); what was acknowledged before stays."""

    retry_can_help = True

"""Exit codes, documented in docs/exit-codes.md. A script can tell "changed" from "could not be read"."""

from demur.core.errors import DemurError, ExpiredError, FormatError, UnsealError, VerificationError

OK = 0
OTHER = 1
USAGE = 2
NOT_VERIFIED = 3
EXPIRED = 4
UNREADABLE = 5
UNKNOWN_SIGNER = 6

_CODES: tuple[tuple[type[DemurError], int], ...] = (
    (ExpiredError, EXPIRED),
    (VerificationError, NOT_VERIFIED),
    (UnsealError, NOT_VERIFIED),
    (FormatError, UNREADABLE),
)


def exit_code(error: DemurError) -> int:
    """Return an error's own exit code (each of the gate's has one), or that of the first line above that fits."""
    own = getattr(error, "exit_code", None)
    if isinstance(own, int):
        return own
    return next((code for kind, code in _CODES if isinstance(error, kind)), OTHER)

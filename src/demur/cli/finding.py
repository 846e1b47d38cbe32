"""What `demur verify` says of one file: what is shown and what is not, or which check failed.

Whatever a file says of itself is printed without control characters, since a file may come from anybody.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from demur.core import gate_manifest, suppression_list
from demur.core.errors import (
    CommitmentMismatchError,
    DemurError,
    DigestMismatchError,
    ExpiredError,
    FormatError,
    SignatureMismatchError,
)
from demur.ledger.errors import LogDamagedError

_CHECKS: tuple[tuple[type[DemurError], str], ...] = (
    (LogDamagedError, "the log's files"),
    (SignatureMismatchError, "the signature"),
    (CommitmentMismatchError, "the statement and its proof"),
    (DigestMismatchError, "the content"),
    (ExpiredError, "the dates"),
    (FormatError, "the format"),
)
_BEGINNINGS = (
    (suppression_list.FORM.encode(), "suppression list"),
    (gate_manifest.FORM.encode(), "gate manifest"),
    (b"{", "receipt"),
)
_BEGINNING_BYTES = 64


class SignerUnknownError(DemurError):
    """A file that only a key from elsewhere can verify, and no key was given."""


@dataclass(frozen=True)
class Finding:
    """What the check of one file came to.

    Attributes:
        kind: what the file is, e.g. `receipt`.
        facts: what it states, as label and value.
        shown: sentences that the check has shown to be so.
        not_shown: sentences that a reader might wrongly conclude.
        signer_known: whether the key came from the reader, and not from the file itself.
    """

    kind: str
    facts: tuple[tuple[str, str], ...]
    shown: tuple[str, ...]
    not_shown: tuple[str, ...]
    signer_known: bool = True


def print_finding(console: Console, path: Path, finding: Finding) -> None:
    """Say what a check has shown, and what it has not."""
    put = _printer(console)
    if finding.signer_known:
        put(f"✓ {path}: {finding.kind}, verified", "green")
    else:
        put(f"? {path}: {finding.kind}, fits only the key that it names itself: signer not known", "yellow")
    width = max(len(label) for label, _ in finding.facts) + 2
    for label, value in finding.facts:
        put(f"    {label:<{width}}{value}")
    put("  shown")
    for sentence in finding.shown:
        put(f"    ✓ {sentence}")
    put("  not shown")
    for sentence in finding.not_shown:
        put(f"    - {sentence}")


def print_failure(console: Console, path: Path, error: DemurError) -> None:
    """Say which file and which check failed, and what to do next."""
    put = _printer(console)
    if isinstance(error, SignerUnknownError):
        put(f"? {path}: signer not known: {error}", "yellow")
    else:
        check = next((words for kind, words in _CHECKS if isinstance(error, kind)), "the keys")
        put(f"✗ {path}: {_kind(path)}, not verified; the check of {check} failed: {error}", "red")
    if error.hint:
        put(f"    {error.hint}")


def _kind(path: Path) -> str:
    """Return what a file is by its beginning, as far as that can still be told."""
    if path.is_dir():
        return "log"
    with suppress(OSError), path.open("rb") as file:
        beginning = file.read(_BEGINNING_BYTES)
        return next((kind for mark, kind in _BEGINNINGS if beginning.startswith(mark)), "file")
    return "file"


def _printer(console: Console) -> Callable[..., None]:
    def put(line: str, style: str | None = None) -> None:
        console.print(
            "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line), style=style
        )

    return put

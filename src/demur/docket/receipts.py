"""Receipts of a case, made from the docket's statements and the log's proofs."""

from functools import cache
from pathlib import Path

from django.conf import settings

from demur.core.entry import Event
from demur.docket.models import LogEntry
from demur.ledger.keys import PUBLIC_KEYS_NAME, KeyRole, find_verifier_key, load_verifier_keys
from demur.ledger.log import LogReader


def make_receipt(entry: LogEntry) -> bytes | None:
    """Return the receipt file of a logged statement, with a proof under the newest checkpoint; None if not yet logged.

    Raises:
        KeyFileError: the public keys cannot be read.
        LedgerError: the log cannot be read, or does not hold what the docket believes.
    """
    if entry.leaf_index is None:
        return None
    receipt = log_reader().make_receipt(Event(entry.event), entry.statement, bytes(entry.salt), entry.leaf_index)
    return receipt.to_bytes()


def receipt_name(reference: str, event: str) -> str:
    """Return the name of a receipt file, e.g. `DMR-7K3F-9Q2M-objection-received.json`."""
    return f"{reference}-{event}.json"


def log_reader() -> LogReader:
    """Return a reader of this installation's log."""
    home = Path(settings.DEMUR_HOME)
    keys = home / "keys" / PUBLIC_KEYS_NAME
    try:
        return _reader(home, keys.stat().st_mtime_ns)
    except OSError:
        return _reader(home, 0)  # says what is wrong with the file


@cache
def _reader(home: Path, _keys_changed_ns: int) -> LogReader:
    key = find_verifier_key(load_verifier_keys(home / "keys" / PUBLIC_KEYS_NAME), KeyRole.LOG)
    return LogReader(home / "log", key)

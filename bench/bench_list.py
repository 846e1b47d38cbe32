"""A suppression list for benchmarks, as a publisher seals one."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from demur.core.identifier import IdentifierKind
from demur.core.note import Signer
from demur.core.suppression_list import SuppressionListHeader, seal_list
from demur.gate.suppression_list import ListEntry, encode_entries

_LIFETIME = timedelta(days=3650)


def seal_people(people: Iterable[tuple[IdentifierKind, str]], list_key: bytes, signer: Signer) -> bytes:
    """Return a list file's bytes with an entry for each of the people, that holds for ten years from now."""
    now = datetime.now(UTC).replace(microsecond=0)
    entries = [ListEntry(number.to_bytes(16, "big"), kind, value, now) for number, (kind, value) in enumerate(people)]
    header = SuppressionListHeader(
        controller="bench.example",
        number=1,
        issued_at=now,
        expires_at=now + _LIFETIME,
        log_origin="bench.example/log",
        tree_size=len(entries),
        entries=len(entries),
        payload_sha256=bytes(32),
        salt=bytes(range(32)),
    )
    return seal_list(header, encode_entries(entries), list_key, signer)

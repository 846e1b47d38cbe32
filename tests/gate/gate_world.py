"""The world that the gate's tests are set in: a controller with keys, lists, mappings and rows.

Ada (`lumen:ada`) objects; Cy (`lumen:cy`) is the stranger whom nothing may happen to.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from demur.controller.catalogue import Audience, Catalogue, Kind
from demur.core.identifier import IdentifierKind
from demur.core.note import Signer
from demur.core.suppression_list import SuppressionListHeader, seal_list
from demur.gate.mapping import SourceMapping, parse_mapping
from demur.gate.suppression_list import ListEntry, SuppressionList, encode_entries, load_suppression_list

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LIST_SIGNER = Signer("lumen.example/list", b"\x01" * 32)
GATE_SIGNER = Signer("lumen.example/gate", b"\x02" * 32)
LIST_KEY = b"\x03" * 32

MAPPING = """\
form: demur-source-mapping/v1
row_id: record_id
kind:
  column: kind
  values:
    post: post
    bild: photo
    dm: message
audience:
  column: audience
  public: [public, world]
author_account: author_account
author_is_minor: author_is_minor
tagged_accounts: tagged_accounts
text: text
"""

SCHEMA = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("audience", pa.string()),
        pa.field("author_account", pa.string()),
        pa.field("author_is_minor", pa.bool_()),
        pa.field("tagged_accounts", pa.list_(pa.string())),
        pa.field("text", pa.string()),
    ],
)


def entry(value: str, kind: IdentifierKind = IdentifierKind.ACCOUNT, at: datetime = NOW) -> ListEntry:
    return ListEntry(hashlib.sha256(f"{kind} {value}".encode()).digest()[:16], kind, value, at)


def header(entries: int, **changes: object) -> SuppressionListHeader:
    fields = {
        "controller": "lumen.example",
        "number": 7,
        "issued_at": NOW - timedelta(hours=1),
        "expires_at": NOW + timedelta(hours=23),
        "log_origin": "lumen.example/log",
        "tree_size": 42,
        "entries": entries,
        "payload_sha256": bytes(32),
        "salt": b"\x04" * 32,
    }
    return SuppressionListHeader(**{**fields, **changes})  # type: ignore[arg-type]


def sealed(payload: bytes, entries: int, **changes: object) -> bytes:
    return seal_list(header(entries, **changes), payload, LIST_KEY, LIST_SIGNER)


def load(raw: bytes) -> SuppressionList:
    return load_suppression_list(raw, LIST_SIGNER.verifier_key, LIST_KEY, NOW)


def list_of(*accounts: str, others: Iterable[ListEntry] = ()) -> SuppressionList:
    entries = [*(entry(account) for account in accounts), *others]
    return load(sealed(encode_entries(entries), len(entries)))


def mapping(text: str = MAPPING) -> SourceMapping:
    return parse_mapping(text.encode())


def catalogue_of(*cells: tuple[Kind, str, Audience]) -> Catalogue:
    return Catalogue(frozenset(cells))


def row(**changes: object) -> dict[str, object]:
    fields = {
        "record_id": "r1",
        "kind": "post",
        "audience": "public",
        "author_account": "lumen:cy",
        "author_is_minor": False,
        "tagged_accounts": [],
        "text": "a day at the sea",
    }
    return {**fields, **changes}


def batch_of(*rows: Mapping[str, object], schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=schema)


def lake_rows(count: int, start: int = 0) -> list[dict[str, object]]:
    """Rows of which every tenth is Ada's, every seventh a message, and every fifth tags Ada."""
    return [
        row(
            record_id=f"r{number:06d}",
            kind="dm" if number % 7 == 0 else "post",
            author_account="lumen:ada" if number % 10 == 0 else "lumen:cy",
            tagged_accounts=["lumen:bo", "lumen:ada"] if number % 5 == 0 else ["lumen:bo"],
            text=f"text {number}",
        )
        for number in range(start, start + count)
    ]


def write_parquet(path: Path, rows: Iterable[Mapping[str, object]], **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), path, **options)
    return path

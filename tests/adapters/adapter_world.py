"""The world that adapters are tested in: a lake in which Ada objects, and one way to call each of them.

Libraries are imported by who uses them: some take seconds, and every process of a test run reads this file.
"""

# ruff: noqa: PLC0415

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demur.adapters import batch_gate
from demur.adapters.batch_gate import BatchGate, OpenGate
from demur.core.identifier import IdentifierKind
from demur.core.suppression_list import SuppressionListHeader, seal_list
from demur.gate.suppression_list import ListEntry, encode_entries
from demur.ledger.keys import KeyRole, SecretName, create_missing_keys, load_secret, load_signer

MAPPING = """\
form: demur-source-mapping/v1
row_id: id
kind: {column: kind, values: {post: post, message: message}}
audience: {column: audience, public: [public]}
author_account: {column: author, namespace: lumen}
author_is_minor: author_is_minor
tagged_accounts: {column: tagged, namespace: lumen}
text: text
"""
SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "kind": pa.string(),
        "audience": pa.string(),
        "author": pa.string(),
        "author_is_minor": pa.bool_(),
        "tagged": pa.list_(pa.string()),
        "text": pa.string(),
        "likes": pa.int64(),
    }
)
LIFETIME = timedelta(hours=24)


def save_list(folder: Path, *accounts: str, number: int = 7, lasts: timedelta = LIFETIME) -> Path:
    """Write the list of those who object, as lists/NUMBER.list."""
    now = datetime.now(UTC).replace(microsecond=0)
    entries = [
        ListEntry(bytes([place] * 16), IdentifierKind.ACCOUNT, account, now) for place, account in enumerate(accounts)
    ]
    header = SuppressionListHeader(
        controller="lumen.example",
        number=number,
        issued_at=now - timedelta(hours=1),
        expires_at=now + lasts,
        log_origin="lumen.example/log",
        tree_size=5,
        entries=len(entries),
        payload_sha256=bytes(32),
        salt=b"s" * 32,
    )
    keys = folder / "keys"
    path = folder / "lists" / f"{number}.list"
    path.parent.mkdir(exist_ok=True)
    secret = load_secret(keys, SecretName.LIST_SEAL)
    path.write_bytes(seal_list(header, encode_entries(entries), secret, load_signer(keys, KeyRole.LIST)))
    return path


def build(folder: Path) -> Path:
    """Fill a folder with keys, a mapping, a list in which Ada objects, and a lake of two files."""
    create_missing_keys(folder / "keys", "lumen.example")
    (folder / "mapping.yaml").write_text(MAPPING)
    save_list(folder, "lumen:ada")
    (folder / "lake").mkdir()
    for part in range(2):
        table = lake(30, part * 30)
        texts = table["text"].fill_null("a text")  # datatrove's own reader leaves out what has none
        table = table.set_column(table.schema.get_field_index("text"), "text", texts)
        pq.write_table(table, folder / "lake" / f"part-{part}.parquet", row_group_size=10)
    return folder


def opened_gates() -> dict[BatchGate, OpenGate]:
    """The gates that this process has open."""
    return batch_gate._OPEN  # noqa: SLF001


def forget_opened_gates(patch: pytest.MonkeyPatch) -> None:
    """Begin as a new process does."""
    patch.setattr(batch_gate, "_OPEN", {})


def gate_of(folder: Path) -> BatchGate:
    return BatchGate.load(folder / "mapping.yaml", folder / "lists" / "7.list", folder / "keys")


def row(number: int) -> dict[str, object]:
    """A row of which every tenth is Ada's, every seventh a message, every fifth tags Ada, every third nobody."""
    tagged = ["bo", "ada"] if number % 5 == 0 else [] if number % 3 == 0 else ["bo"]
    return {
        "id": f"r{number:05d}",
        "kind": "message" if number % 7 == 0 else "post",
        "audience": "friends" if number % 11 == 0 else "public",
        "author": "ada" if number % 10 == 1 else "cy",
        "author_is_minor": number % 13 == 0,
        "tagged": tagged,
        "text": None if number % 17 == 0 else f"a day at the sea {number}",
        "likes": number,
    }


def lake(rows: int, first: int = 0) -> pa.Table:
    return pa.Table.from_pylist([row(number) for number in range(first, first + rows)], SCHEMA)


def kept_ids(rows: int, first: int = 0) -> list[str]:
    """The ids that must be kept of `lake`, told without the gate."""
    return [
        f"r{number:05d}"
        for number in range(first, first + rows)
        if all(number % each for each in (5, 7, 11, 13)) and number % 10 != 1
    ]


Adapter = Callable[[pa.Table, BatchGate], list[str]]
"""From rows to the ids of those that the adapter keeps, in their order."""


def polars_frame(table: pa.Table, gate: BatchGate) -> list[str]:
    import polars as pl

    from demur.adapters.polars import is_kept

    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame.filter(is_kept(gate))["id"].to_list()


def polars_lazy(table: pa.Table, gate: BatchGate) -> list[str]:
    import polars as pl

    from demur.adapters.polars import is_kept

    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    kept = frame.lazy().filter(is_kept(gate)).select("id").collect(engine="streaming")
    return kept["id"].to_list()


def pandas_frame(table: pa.Table, gate: BatchGate) -> list[str]:
    from demur.adapters.pandas import is_kept

    frame = table.to_pandas()
    return frame[is_kept(frame, gate)]["id"].tolist()


def duckdb_relation(table: pa.Table, gate: BatchGate) -> list[str]:
    import duckdb

    from demur.adapters.duckdb import kept_rows

    with duckdb.connect() as connection:
        cursor = connection.cursor()
        cursor.register("kept", kept_rows(connection.from_arrow(table), gate))
        return [found for (found,) in cursor.execute("SELECT id FROM kept").fetchall()]


def datasets_dataset(table: pa.Table, gate: BatchGate) -> list[str]:
    from datasets import Dataset

    from demur.adapters.datasets import kept_rows

    return list(kept_rows(Dataset(table), gate)["id"])


def datasets_stream(table: pa.Table, gate: BatchGate) -> list[str]:
    from datasets import Dataset

    from demur.adapters.datasets import kept_rows

    return [found["id"] for found in kept_rows(Dataset(table).to_iterable_dataset(), gate)]


def datasets_generator(table: pa.Table, gate: BatchGate) -> list[str]:
    from datasets import IterableDataset

    from demur.adapters.datasets import kept_rows

    def rows() -> Iterator[dict[str, object]]:
        yield from table.to_pylist()

    return [found["id"] for found in kept_rows(IterableDataset.from_generator(rows), gate)]


def torch_rows(table: pa.Table, gate: BatchGate) -> list[str]:
    from demur.adapters.torch import KeptRows

    return [found["id"] for found in KeptRows(table.to_pylist(), gate)]


def datatrove_step(table: pa.Table, gate: BatchGate) -> list[str]:
    from datatrove.data import Document

    from demur.adapters.datatrove import GateFilter

    documents = (Document(found.pop("text") or "", found.pop("id"), [], found) for found in table.to_pylist())
    return [document.id for document in GateFilter(gate).run(documents)]


class Sealed:
    """What a worker of Spark has: the bytes of the list. Ray's is a reference to them."""

    def __init__(self, value: bytes) -> None:
        self.value = value


def spark_worker(table: pa.Table, gate: BatchGate) -> list[str]:
    from demur.adapters.spark import decider

    is_kept = decider(gate, Sealed(gate.read_list()))  # type: ignore[arg-type]
    columns = gate.open().columns
    masks = [is_kept(*(batch.column(name) for name in columns)) for batch in table.to_batches()]
    return table.filter(pa.chunked_array(masks, pa.bool_()))["id"].to_pylist()


def ray_worker(table: pa.Table, gate: BatchGate) -> list[str]:
    from demur.adapters.ray import keep_batch

    gate.open()
    return keep_batch(table, gate, ())["id"].to_pylist()  # type: ignore[arg-type]


ADAPTERS: dict[str, Adapter] = {
    adapter.__name__: adapter
    for adapter in (
        polars_frame,
        polars_lazy,
        pandas_frame,
        duckdb_relation,
        datasets_dataset,
        datasets_stream,
        datasets_generator,
        torch_rows,
        datatrove_step,
        spark_worker,
        ray_worker,
    )
}

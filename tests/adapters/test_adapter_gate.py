"""The gate that travels: what it takes along, when it opens its list, and what it refuses."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from adapter_world import (
    LIFETIME,
    MAPPING,
    build,
    forget_opened_gates,
    gate_of,
    kept_ids,
    lake,
    opened_gates,
    save_list,
)

from demur.adapters import batch_gate
from demur.adapters.batch_gate import BatchGate
from demur.core.errors import SignatureMismatchError, UnsealError
from demur.gate.errors import (
    ColumnMissingError,
    ColumnTypeError,
    InputChangedError,
    MappingError,
    UnreadableInputError,
)
from demur.ledger.errors import KeyFileError
from demur.ledger.keys import SecretName, create_missing_keys, load_secret


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that a test may change, in a process that has opened no gate."""
    forget_opened_gates(monkeypatch)
    return build(tmp_path)


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The lists that were unsealed."""
    opened: list[bytes] = []
    load = batch_gate.load_suppression_list

    def count(raw: bytes, *rest: object) -> object:
        opened.append(raw)
        return load(raw, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(batch_gate, "load_suppression_list", count)
    return opened


def test_neither_the_list_nor_its_key_is_pickled(gate: BatchGate, folder: Path) -> None:
    gate.open()
    pickled = pickle.dumps(gate)
    assert len(pickled) < 2_000
    secret = load_secret(folder / "keys", SecretName.LIST_SEAL)
    for hidden in (secret, secret.hex().encode(), b"lumen:ada"):
        assert hidden not in pickled
    assert pickle.loads(pickled) == gate


def test_an_open_gate_is_not_pickled(gate: BatchGate) -> None:
    with pytest.raises(TypeError, match="is not pickled"):
        pickle.dumps(gate.open())


def test_a_process_opens_a_list_once_for_all_gates_that_use_it(own_folder: Path, openings: list[bytes]) -> None:
    gate = gate_of(own_folder)
    pickle.loads(pickle.dumps(gate)).decide(lake(10))
    (own_folder / "mapping.yaml").write_text(MAPPING.replace("text: text\n", ""))
    other = gate_of(own_folder)
    other.decide(lake(10))
    assert len(openings) == 1
    assert other.open().suppressions is gate.open().suppressions


def test_gate_that_another_thread_has_opened_meanwhile_is_not_opened_again(gate: BatchGate) -> None:
    opened = gate.open()
    assert batch_gate._open(gate, gate.read_list) is opened  # noqa: SLF001


def test_expired_list_does_not_stay_in_memory(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = gate_of(own_folder)
    newer = save_list(own_folder, number=8, lasts=2 * LIFETIME)
    monkeypatch.setattr(batch_gate, "_now", lambda: datetime.now(UTC) + LIFETIME)
    new = BatchGate.load(own_folder / "mapping.yaml", newer, own_folder / "keys")
    assert (old in opened_gates(), new in opened_gates()) == (False, True)


def test_list_is_opened_from_its_bytes_where_there_is_no_file(own_folder: Path) -> None:
    gate = gate_of(own_folder)
    sealed = gate.read_list()
    gate.list_path.unlink()
    opened_gates().clear()
    gate.open(lambda: memoryview(sealed))
    assert gate.kept_rows(lake(50))["id"].to_pylist() == kept_ids(50)


def test_link_to_the_newest_list_is_followed_once(own_folder: Path) -> None:
    link = own_folder / "lists" / "latest.list"
    link.symlink_to("7.list")
    gate = BatchGate.load(own_folder / "mapping.yaml", link, own_folder / "keys")
    link.unlink()
    link.symlink_to(save_list(own_folder, "lumen:cy", number=8).name)
    opened_gates().clear()
    assert gate.open().suppressions.header.number == 7


def test_list_that_took_anothers_place_is_refused(own_folder: Path) -> None:
    gate = gate_of(own_folder)
    save_list(own_folder, "lumen:cy")
    opened_gates().clear()
    with pytest.raises(InputChangedError, match="another than the one that this job began with"):
        gate.decide(lake(10))


def test_list_of_another_publisher_is_refused(own_folder: Path, tmp_path: Path) -> None:
    create_missing_keys(tmp_path / "others", "lumen.example")
    with pytest.raises(SignatureMismatchError):
        BatchGate.load(own_folder / "mapping.yaml", own_folder / "lists" / "7.list", tmp_path / "others")


def test_list_that_the_key_does_not_open_is_refused(own_folder: Path) -> None:
    (own_folder / "keys" / "list-seal.secret").write_text("00" * 32 + "\n")
    with pytest.raises(UnsealError):
        gate_of(own_folder)


def test_worker_without_keys_decides_nothing(own_folder: Path, tmp_path: Path) -> None:
    gate = gate_of(own_folder)
    opened_gates().clear()
    with pytest.raises(KeyFileError):
        replace(gate, keys_folder=tmp_path / "none").decide(lake(10))


@pytest.mark.parametrize("name", ["mapping.yaml", "lists/7.list"])
def test_file_that_is_not_there_is_named(own_folder: Path, name: str) -> None:
    (own_folder / name).unlink()
    with pytest.raises(UnreadableInputError, match=Path(name).name):
        gate_of(own_folder)


def test_column_that_no_rule_reads_may_be_left_out(own_folder: Path) -> None:
    (own_folder / "mapping.yaml").write_text(MAPPING + "language: language\n")
    assert gate_of(own_folder).kept_rows(lake(50))["id"].to_pylist() == kept_ids(50)


def test_batch_stays_as_it_is_when_all_of_it_is_kept(gate: BatchGate) -> None:
    batch = lake(2, 2).to_batches()[0]
    assert gate.kept_rows(batch) is batch


def test_columns_that_arrow_cannot_filter_by_itself_are_kept_or_refused_in_a_sentence(gate: BatchGate) -> None:
    table = lake(50)
    views = table.append_column("more", table["id"].cast(pa.string_view()))
    for data in (views, views.to_batches()[0]):
        kept = gate.kept_rows(data)
        assert kept.schema == views.schema
        assert kept["more"].to_pylist() == kept_ids(50)
    odd = table.append_column("odd", pa.RunEndEncodedArray.from_arrays([50], [1]))
    with pytest.raises(UnreadableInputError, match="the batch has a column of a type out of which"):
        gate.kept_rows(odd)


def test_catalogue_of_the_controller_decides_what_may_train_at_all(own_folder: Path) -> None:
    """The sample controller trains on the public posts of Agora, and Muse has prompts only."""
    controller = Path(str(files("demur.sample") / "data" / "controller.yaml"))
    parts = (own_folder / "mapping.yaml", own_folder / "lists" / "7.list", own_folder / "keys", controller)
    with pytest.raises(MappingError, match='no field "product"'):
        BatchGate.load(*parts)
    (own_folder / "mapping.yaml").write_text(MAPPING + "product: product\n")
    gate = pickle.loads(pickle.dumps(BatchGate.load(*parts)))
    product = pa.array(["agora", "muse"] * 25)
    kept = gate.kept_rows(lake(50).append_column("product", product))
    assert set(kept["product"].to_pylist()) == {"agora"}


def test_column_that_is_there_twice_is_refused(gate: BatchGate) -> None:
    with pytest.raises(ColumnMissingError, match="more than one"):
        gate.decide(lake(5).append_column("author", pa.array(["cy"] * 5)))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([("r1", "post")], id="a tuple"),
        pytest.param(["r1"], id="a text"),
    ],
)
def test_row_that_is_no_mapping_is_refused(gate: BatchGate, rows: list[object]) -> None:
    with pytest.raises(ColumnTypeError, match="no mapping"):
        gate.decide_rows(rows)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("author", ["ada@secret", 1]),
        ("author", ["ada@secret", b"ada"]),
        ("author", ["\ud800secret", "ada"]),
        ("author", ["ada@secret", float("nan")]),
        ("tagged", [["ada@secret"], "ada"]),
        ("tagged", ["ada@secret", "ada"]),
        ("tagged", [{"ada@secret": 1}, {}]),
        ("tagged", [[1], ["ada@secret"]]),
        ("author_is_minor", [True, "secret"]),
        ("author_is_minor", [np.float64(1), np.float64(0)]),
        ("id", ["secret", 2]),
        ("id", [2**70, 1]),
    ],
)
def test_values_of_mixed_or_other_types_are_refused_and_not_repeated(
    gate: BatchGate, column: str, values: list[object]
) -> None:
    rows = [{**row, column: value} for row, value in zip(lake(2).to_pylist(), values, strict=True)]
    with pytest.raises(ColumnTypeError, match=column) as caught:
        gate.decide_rows(rows)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None

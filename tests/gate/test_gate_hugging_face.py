"""Folders of Hugging Face, with their own library on both sides: what comes out opens, and says what it holds."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from gate_world import GATE_SIGNER, SCHEMA, lake_rows, list_of, mapping, write_parquet

from demur.core.gate_manifest import GateManifest, GateMode, verify_manifest
from demur.gate.dry_run import decide_only
from demur.gate.errors import UnreadableInputError
from demur.gate.run import GateRequest, run_gate

if TYPE_CHECKING:
    from datasets import Dataset

ADA_OBJECTS = list_of("lumen:ada")
ROWS = lake_rows(100)
KEPT = [each for each in ROWS if each["kind"] == "post" and "lumen:ada" not in each["tagged_accounts"]]  # type: ignore[operator]


def gate(inputs: Path, out: Path, mode: GateMode = GateMode.REWRITE) -> GateManifest:
    request = GateRequest(inputs, mapping(), out, mode=mode)
    return run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The library, which may neither ask the network nor write into anybody's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("cache")))
        datasets = importlib.import_module("datasets")  # loads for seconds
        datasets.disable_progress_bars()
        yield datasets


def dataset_of(library: Any, rows: list[dict[str, object]], split: str | None = None) -> "Dataset":
    return library.Dataset(pa.Table.from_pylist(rows, schema=SCHEMA), split=split)


@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK])
def test_a_saved_dataset_comes_out_as_one_that_opens(library: Any, tmp_path: Path, mode: GateMode) -> None:
    source = dataset_of(library, ROWS).with_format("numpy", columns=["record_id"])
    source.save_to_disk(tmp_path / "saved", num_shards=3)
    manifest = gate(tmp_path / "saved", tmp_path / "out", mode)
    opened = library.load_from_disk(tmp_path / "out" / "kept")
    assert opened.with_format(None).to_list() == KEPT
    assert opened.features == source.features
    assert opened.format["type"] == "numpy"
    assert opened._fingerprint != source._fingerprint  # noqa: SLF001  (its caches go by it)
    assert (manifest.kept_rows, manifest.withheld_rows) == (len(KEPT), 100 - len(KEPT))
    raw = (tmp_path / "out" / "manifest.note").read_bytes()
    assert verify_manifest(raw, GATE_SIGNER.verifier_key) == manifest
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out" / "kept").iterdir()}
    assert names <= {file.path for file in manifest.outputs}


def test_splits_come_out_together_and_count_what_they_hold(library: Any, tmp_path: Path) -> None:
    splits = {name: dataset_of(library, ROWS[start:], name) for name, start in (("train", 0), ("test", 90))}
    for name, split in splits.items():
        split.info.splits = library.SplitDict(
            {each: library.SplitInfo(each, num_bytes=1, num_examples=len(rows)) for each, rows in splits.items()}
        )
        split.info.download_size = split.info.dataset_size = 77
        split.info.description = name
    library.DatasetDict(splits).save_to_disk(tmp_path / "saved")
    gate(tmp_path / "saved", tmp_path / "out")
    opened = library.load_from_disk(tmp_path / "out" / "kept")
    assert {name: split.to_list() for name, split in opened.items()} == {
        "train": KEPT,
        "test": [each for each in KEPT if each in ROWS[90:]],
    }
    info = opened["train"].info
    assert list(info.splits) == ["train"]
    assert info.splits["train"].num_examples == len(KEPT)
    assert info.splits["train"].num_bytes == info.dataset_size > 77
    assert (info.download_size, info.description) == (None, "train")


def test_what_describes_data_is_not_written_where_no_row_is(library: Any, tmp_path: Path) -> None:
    dataset_of(library, ROWS).save_to_disk(tmp_path / "saved")
    gate(tmp_path / "saved", tmp_path / "out", GateMode.IDS)
    assert not (tmp_path / "out" / "kept").exists()
    dry = decide_only(tmp_path / "saved", mapping(), ADA_OBJECTS, None, lambda _done, _total: None)
    assert dry.kept_rows == len(KEPT)


def test_the_layout_of_the_hub_comes_out_with_a_card_that_promises_nothing(library: Any, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    write_parquet(lake / "data" / "train-00000-of-00001.parquet", ROWS)
    write_parquet(lake / "data" / "test-00000-of-00001.parquet", ROWS[90:])
    (lake / ".gitattributes").write_text("*.parquet filter=lfs\n")
    features = "".join(f"  - name: {name}\n    dtype: string\n" for name in SCHEMA.names)
    features = features.replace("author_is_minor\n    dtype: string", "author_is_minor\n    dtype: bool")
    features = features.replace("tagged_accounts\n    dtype: string", "tagged_accounts\n    list: string")
    (lake / "README.md").write_text(
        "---\nlicense: cc0-1.0\nwidget:\n- text: SECRET\nconfigs:\n- config_name: default\n  data_files:\n"
        f"  - split: learn\n    path: data/train-*\ndataset_info:\n  features:\n{features}"
        "  splits:\n  - name: learn\n    num_examples: 100\n    num_bytes: 5\n  dataset_size: 5\n---\n# SECRET\n"
    )
    gate(lake, tmp_path / "out")
    card = (tmp_path / "out" / "kept" / "README.md").read_text()
    assert "SECRET" not in card
    assert "num_examples" not in card
    opened = library.load_dataset(str(tmp_path / "out" / "kept"), cache_dir=str(tmp_path / "cache"))
    assert {name: split.to_list() for name, split in opened.items()} == {"learn": KEPT}


@pytest.mark.parametrize(
    ("head", "left"),
    [
        ("dataset_info:\n- config_name: a\n  dataset_size: 5\n- odd\n", "dataset_info:\n- config_name: a\n- {}\n"),
        ("pretty_name: Zoë\nsize: 5\n", "pretty_name: Zoë\n"),
    ],
)
def test_the_sizes_of_several_configurations_are_left_out(tmp_path: Path, head: str, left: str) -> None:
    write_parquet(tmp_path / "lake" / "a.parquet", ROWS)
    (tmp_path / "lake" / "README.md").write_text(f"---\n{head}---\n")
    gate(tmp_path / "lake", tmp_path / "out")
    assert (tmp_path / "out/kept/README.md").read_text() == f"---\n{left}---\n"


@pytest.mark.parametrize("card", ["---\n[1\n---\n", "---\nonly text\n---\n", "---\n\xff: [\n"])
def test_a_card_with_a_head_that_cannot_be_read_is_refused(tmp_path: Path, card: str) -> None:
    write_parquet(tmp_path / "lake" / "a.parquet", ROWS)
    (tmp_path / "lake" / "README.md").write_text(card, encoding="latin-1")
    with pytest.raises(UnreadableInputError, match=r"README\.md cannot be read"):
        gate(tmp_path / "lake", tmp_path / "out")


def change(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.fixture
def saved(library: Any, tmp_path: Path) -> Path:
    library.DatasetDict({"train": dataset_of(library, ROWS)}).save_to_disk(tmp_path / "saved", num_shards={"train": 2})
    return tmp_path / "saved"


FIRST = {"filename": "data-00000-of-00002.arrow"}
SECOND = {"filename": "data-00001-of-00002.arrow"}


@pytest.mark.parametrize(
    "files",
    [
        [FIRST],
        [FIRST, FIRST],
        [FIRST, SECOND, SECOND],
        [FIRST, {"filename": "../b"}],
        [FIRST, {"filename": []}],
        5,
        [5],
    ],
)
def test_a_state_that_names_other_files_is_refused(saved: Path, tmp_path: Path, files: object) -> None:
    change(saved / "train" / "state.json", _data_files=files)
    with pytest.raises(UnreadableInputError, match=r"train/state\.json names other files than the folder holds"):
        gate(saved, tmp_path / "out")


def test_a_file_that_chooses_rows_is_refused(saved: Path, tmp_path: Path) -> None:
    change(saved / "train" / "state.json", _indices_data_files=None)
    assert gate(saved, tmp_path / "none").kept_rows == len(KEPT)
    assert "_indices_data_files" not in (tmp_path / "none/kept/train/state.json").read_text()
    change(saved / "train" / "state.json", _indices_data_files=[{"filename": "indices.arrow"}])
    with pytest.raises(UnreadableInputError, match='a field "_indices_data_files"') as refused:
        gate(saved, tmp_path / "out")
    assert "flatten_indices" in str(refused.value.hint)


@pytest.mark.parametrize("splits", [["train", "test"], [], "train", None])
def test_splits_that_are_not_there_are_refused(saved: Path, tmp_path: Path, splits: object) -> None:
    change(saved / "dataset_dict.json", splits=splits)
    with pytest.raises(UnreadableInputError, match=r"dataset_dict\.json names other splits"):
        gate(saved, tmp_path / "out")


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_what_describes_data_and_cannot_be_read_is_refused(saved: Path, tmp_path: Path, raw: bytes) -> None:
    (saved / "train" / "dataset_info.json").write_bytes(raw)
    with pytest.raises(UnreadableInputError, match=r"train/dataset_info\.json cannot be read"):
        gate(saved, tmp_path / "out")


def test_what_describes_data_that_are_not_there_is_refused(saved: Path, tmp_path: Path) -> None:
    (saved / "train" / "dataset_info.json").unlink()
    with pytest.raises(UnreadableInputError, match=r'/(state|dataset_dict)\.json" in the input is not a file'):
        gate(saved, tmp_path / "out")


def test_one_shard_or_a_pattern_of_them_is_data_alone(saved: Path, tmp_path: Path) -> None:
    gate(saved / "train" / "data-00000-of-00002.arrow", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "kept").iterdir()] == [FIRST["filename"]]
    gate(saved / "train" / "data-*", tmp_path / "all")
    assert {path.suffix for path in (tmp_path / "all" / "kept").iterdir()} == {".arrow"}

"""Columns that stand in the path only: a partition's value counts for every row below it, and for nothing else."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, MAPPING, SCHEMA, lake_rows, list_of, mapping, row

from demur.core.gate_manifest import GateManifest, GateMode
from demur.gate.dry_run import decide_only
from demur.gate.errors import ColumnMissingError, GateError, UnreadableInputError
from demur.gate.explanation import explain_rows
from demur.gate.path_columns import path_values
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import load_schema

ADA_OBJECTS = list_of("lumen:ada")
WITH_PRODUCT = MAPPING + "product: product\ncreated_at: month\n"


def gate(lake: Path, out: Path, text: str = MAPPING, mode: GateMode = GateMode.REWRITE) -> GateManifest:
    return run_gate(
        GateRequest(lake, mapping(text), out, mode=mode), ADA_OBJECTS, GATE_SIGNER, lambda _done, _all: None
    )


def write(lake: Path, name: str, *rows: dict[str, object], without: str = "") -> None:
    """Write rows to a file, without the columns that its path has."""
    left = [{key: value for key, value in each.items() if key not in without.split()} for each in rows]
    path = lake / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".jsonl"):
        path.write_text("".join(f"{json.dumps(each)}\n" for each in left))
    else:
        schema = pa.schema([field for field in SCHEMA if field.name not in without.split()])
        pq.write_table(pa.Table.from_pylist(left, schema=schema), path)


@pytest.mark.parametrize("end", ["parquet", "jsonl"])
@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK, GateMode.IDS])
def test_a_partition_says_of_all_its_rows_what_a_column_would(end: str, mode: GateMode, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    for audience in ("public", "private", "__HIVE_DEFAULT_PARTITION__"):
        for minor in ("True", "false", "perhaps"):
            name = f"audience={audience}/author_is_minor={minor}/a.{end}"
            write(lake, name, row(), without="audience author_is_minor")
    manifest = gate(lake, tmp_path / "out", mode=mode)
    assert manifest.kept_rows == 1
    assert manifest.withheld_by_reason["not-public"] == 3
    assert manifest.withheld_by_reason["audience-missing"] == 3
    assert manifest.withheld_by_reason["minor"] == 3
    assert manifest.withheld_by_reason["minority-unknown"] == 3
    kept = tmp_path / "out" / "kept" / "audience=public" / "author_is_minor=false" / f"a.{end}"
    assert kept.exists() == (mode is not GateMode.IDS)
    if end == "parquet" and kept.exists():
        assert pq.ParquetFile(kept).schema_arrow.names == [
            name for name in SCHEMA.names if name not in {"audience", "author_is_minor"}
        ]


def test_an_objecting_author_who_is_in_the_path_only_is_withheld(tmp_path: Path) -> None:
    for author in ("lumen%3Aada", "lumen%3Acy", "nobody"):
        write(tmp_path / "lake", f"author_account={author}/a.parquet", row(), without="author_account")
    manifest = gate(tmp_path / "lake", tmp_path / "out")
    assert (manifest.kept_rows, manifest.withheld_by_reason["author-objected"]) == (1, 1)
    assert manifest.withheld_by_reason["author-unreadable"] == 1
    found = explain_rows(tmp_path / "lake", "r1", mapping(), ADA_OBJECTS, None)
    assert [each.reasons for each in found] == [("author-objected",), (), ("author-unreadable",)]
    dry = decide_only(tmp_path / "lake", mapping(), ADA_OBJECTS, None, lambda _done, _all: None)
    assert dry.kept_rows == 1


def test_months_and_products_in_the_path_are_counted(tmp_path: Path) -> None:
    write(tmp_path / "lake", "product=lumen/month=2026-11/a.parquet", *lake_rows(20))
    write(tmp_path / "lake", "product=lumen/month=2026-10/a.parquet", *lake_rows(10, 100))
    manifest = gate(tmp_path / "lake", tmp_path / "out", WITH_PRODUCT)
    rows = {month: counted.kept + counted.withheld for month, counted in manifest.rows_by_month.items()}
    assert rows == {"2026-10": 10, "2026-11": 20}


@pytest.mark.parametrize("end", ["parquet", "jsonl"])
@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK, GateMode.IDS])
def test_a_file_that_contradicts_its_path_is_refused(end: str, mode: GateMode, tmp_path: Path) -> None:
    write(tmp_path / "lake", f"audience=public/a.{end}", row(audience="private"))
    with pytest.raises(UnreadableInputError, match='"audience" is in the file and in its path'):
        gate(tmp_path / "lake", tmp_path / "out", mode=mode)
    assert not (tmp_path / "out").exists()


def test_a_line_that_contradicts_its_path_far_into_the_file_is_refused(tmp_path: Path) -> None:
    """What the first lines look like says nothing about the others."""
    lines = [row(record_id=f"r{n}", audience=None) | {"pad": "x" * 1000} for n in range(5000)]
    write(tmp_path / "lake", "audience=public/a.jsonl", *lines)
    assert gate(tmp_path / "lake", tmp_path / "empty").kept_rows == 5000
    with (tmp_path / "lake" / "audience=public" / "a.jsonl").open("a") as stream:
        stream.write(json.dumps(row(audience="private")) + "\n")
    with pytest.raises(UnreadableInputError, match='"audience" is in the file and in its path'):
        gate(tmp_path / "lake", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("audience=public/audience=private/a.parquet", UnreadableInputError),
        ("audience=%ff/a.parquet", UnreadableInputError),
        ("record_id=r1/a.parquet", ColumnMissingError),
        ("tagged_accounts=lumen%3Aada/a.parquet", ColumnMissingError),
        ("Audience=public/a.parquet", ColumnMissingError),
        ("other=public/a.parquet", ColumnMissingError),
    ],
)
def test_a_path_that_does_not_say_it_clearly_is_refused(name: str, error: type[GateError], tmp_path: Path) -> None:
    write(tmp_path / "lake", name, row(), without="audience record_id tagged_accounts")
    with pytest.raises(error):
        gate(tmp_path / "lake", tmp_path / "out")


def test_a_file_name_and_plain_folders_say_nothing() -> None:
    assert path_values("deep/kind=post/audience=public.parquet") == {"kind": "post"}
    assert path_values("kind=post=1/empty=/a.parquet") == {"kind": "post=1", "empty": None}


def test_columns_of_the_path_are_proposed_for_the_mapping(tmp_path: Path) -> None:
    write(tmp_path / "lake", "audience=public/month=2026-11/a.parquet", row(), without="audience")
    assert load_schema(tmp_path / "lake").names == [
        *(name for name in SCHEMA.names if name != "audience"),
        "audience",
        "month",
    ]

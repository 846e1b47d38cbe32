"""JSON Lines: what comes out is the lines that went in, and no line can say one thing to the gate and another later."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from format_world import compress, decompress
from gate_world import GATE_SIGNER, MAPPING, lake_rows, list_of, mapping, row, write_parquet
from hypothesis import given
from hypothesis import strategies as st

from demur.core.gate_manifest import GateManifest, GateMode
from demur.gate.dry_run import decide_only
from demur.gate.errors import ColumnTypeError, RowIdMissingError, UnreadableInputError
from demur.gate.formats import json_lines
from demur.gate.mapping_proposal import propose_mapping
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import load_schema

ADA_OBJECTS = list_of("lumen:ada")


def gate(inputs: Path, out: Path, mode: GateMode = GateMode.REWRITE, text: str = MAPPING) -> GateManifest:
    request = GateRequest(inputs, mapping(text), out, mode=mode)
    return run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def lines_of(rows: Iterable[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in rows)


def write_lines(path: Path, raw: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    compress(path, raw)
    return path


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_the_same_rows_are_decided_about_as_in_parquet(tmp_path: Path, suffix: str) -> None:
    rows = lake_rows(3000)
    write_lines(tmp_path / "lines" / "deep" / f"a.{suffix}", lines_of(rows))
    write_parquet(tmp_path / "lake" / "a.parquet", rows)
    of_lines = gate(tmp_path / "lines", tmp_path / "out")
    of_parquet = gate(tmp_path / "lake", tmp_path / "reference")
    assert of_lines.withheld_by_reason == of_parquet.withheld_by_reason
    assert (of_lines.kept_rows, of_lines.withheld_rows) == (of_parquet.kept_rows, of_parquet.withheld_rows)
    counts = [(tmp_path / out / "withheld-by-entry.parquet").read_bytes() for out in ("out", "reference")]
    assert counts[0] == counts[1]

    withheld = [json.loads(line) for line in decompress(tmp_path / f"out/withheld/deep/a.{suffix}").splitlines()]
    reasons = {each["record_id"]: each["reasons"] for each in withheld}
    assert reasons["r000010"] == ["author-objected", "tagged-person-objected"]
    kept = [each for each in rows if each["record_id"] not in reasons]
    assert decompress(tmp_path / f"out/kept/deep/a.{suffix}") == lines_of(kept)
    for file in of_lines.outputs:
        assert hashlib.sha256((tmp_path / "out" / file.path).read_bytes()).digest() == file.sha256


def test_a_kept_line_stays_as_it_is_byte_for_byte(tmp_path: Path) -> None:
    odd = (
        b'{"text": "\\u00e9 \xc3\xa9", "record_id":"1","kind":"post",  "audience":"public","author_account":"lumen:cy",'
        b'"author_is_minor":false,"tagged_accounts":[],"score":1.50,"more":{"kind":"dm","kind":"dm"}}\r\n'
    )
    last = lines_of([row(record_id="2")]).rstrip(b"\n")
    write_lines(tmp_path / "a.jsonl", odd + b"\n  \n" + last)
    gate(tmp_path / "a.jsonl", tmp_path / "out")
    assert (tmp_path / "out" / "kept" / "a.jsonl").read_bytes() == odd + last + b"\n"


def test_row_ids_may_be_numbers_and_keep_their_type(tmp_path: Path) -> None:
    rows = [row(record_id=7, kind="dm"), row(record_id=8)]
    write_lines(tmp_path / "a.jsonl", lines_of(rows))
    gate(tmp_path / "a.jsonl", tmp_path / "out")
    assert json.loads((tmp_path / "out/withheld/a.jsonl").read_bytes()) == {
        "record_id": 7,
        "reasons": ["private-message"],
    }


@pytest.mark.parametrize("missing", ["kind", "audience", "author_account", "author_is_minor", "tagged_accounts"])
def test_a_record_without_a_field_is_withheld(tmp_path: Path, missing: str) -> None:
    rows = [row(record_id="1"), {name: value for name, value in row(record_id="2").items() if name != missing}]
    write_lines(tmp_path / "a.jsonl", lines_of(rows))
    manifest = gate(tmp_path / "a.jsonl", tmp_path / "out")
    assert (manifest.kept_rows, manifest.withheld_rows) == (1, 1)


def test_a_record_without_an_id_stops_the_run_and_its_lines_are_named(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", lines_of([row(), row(record_id=None)]))
    with pytest.raises(RowIdMissingError, match=r"a\.jsonl, lines 1 to 2: a row has no id"):
        gate(tmp_path / "a.jsonl", tmp_path / "out")


GOOD = lines_of([row(record_id="good")])
ADAS = lines_of([row(record_id="hidden", author_account="lumen:ada")])


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(GOOD.rstrip() + ADAS, id="two-records-in-one-line"),
        pytest.param(ADAS[:-2] + b',"author_account":"lumen:cy"}\n', id="author-twice"),
        pytest.param(ADAS.replace(b'"kind"', b'"author_account":null,"kind"'), id="author-twice-first-null"),
        pytest.param(ADAS[:-2] + b',"\\u0061uthor_account":"lumen:cy"}\n', id="author-twice-once-spelled-otherwise"),
        pytest.param(GOOD.replace(b"lumen:cy", b"lumen:\xff"), id="not-utf-8"),
        pytest.param(GOOD.replace(b"lumen:cy", b"\\ud800"), id="half-a-surrogate-pair"),
        pytest.param(GOOD.replace(b"false", b'"false"'), id="text-for-a-flag"),
        pytest.param(GOOD.replace(b"false", b"0"), id="number-for-a-flag"),
        pytest.param(GOOD.replace(b"[]", b'"lumen:ada"'), id="text-for-a-list"),
        pytest.param(GOOD.replace(b'"lumen:cy"', b'["lumen:ada"]'), id="list-for-a-text"),
        pytest.param(GOOD.replace(b'"lumen:cy"', b'{"id":"lumen:ada"}'), id="object-for-a-text"),
        pytest.param(GOOD.replace(b'"good"', b"5"), id="number-for-a-text-id"),
        pytest.param(b"[" + GOOD.rstrip() + b"]\n", id="a-list-of-records"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="byte-order-mark"),
        pytest.param(b" " + GOOD, id="a-space-before"),
        pytest.param(b"// " + GOOD, id="a-comment"),
        pytest.param(GOOD[:-3] + b"\n", id="cut-off"),
        pytest.param(GOOD.replace(b'"good"', b'"go\nod"'), id="a-line-end-in-a-text"),
        pytest.param(GOOD.rstrip()[:-1] + b',"x":{}\n}\n', id="a-record-over-two-lines"),
        pytest.param(GOOD.rstrip() + GOOD.rstrip()[:-1] + b',"x":{}\n{}}\n', id="three-in-two-lines"),
    ],
)
def test_a_line_that_another_reader_could_take_for_something_else_stops_the_run(tmp_path: Path, bad: bytes) -> None:
    write_lines(tmp_path / "lake" / "a.jsonl", GOOD * 3 + b"\n" + bad)
    with pytest.raises(UnreadableInputError, match=r"a\.jsonl, line 5, is not one JSON object") as refused:
        gate(tmp_path / "lake", tmp_path / "out")
    assert "ada" not in str(refused.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
@pytest.mark.parametrize("damage", [lambda raw: raw[:-5], lambda raw: raw + b"more", lambda raw: raw[:40] + raw[44:]])
def test_a_compressed_file_that_is_damaged_stops_the_run(tmp_path: Path, suffix: str, damage: object) -> None:
    path = write_lines(tmp_path / f"a.{suffix}", lines_of(lake_rows(500)))
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(UnreadableInputError, match=r"cut off or damaged|not one JSON object"):
        gate(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_files_compressed_in_several_parts_are_read_to_the_end(tmp_path: Path) -> None:
    parts = [gzip.compress(lines_of([row(record_id=f"r{number}")])) for number in range(3)]
    (tmp_path / "a.jsonl.gz").write_bytes(b"".join(parts))
    assert gate(tmp_path / "a.jsonl.gz", tmp_path / "out").kept_rows == 3


def test_a_line_beyond_all_measure_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_MOST_LINE_BYTES", 1 << 20)
    monkeypatch.setattr(json_lines, "_BLOCK_BYTES", 1 << 18)
    write_lines(tmp_path / "a.jsonl", GOOD + lines_of([row(text="x" * (2 << 20))]))
    with pytest.raises(UnreadableInputError, match="more than 1 MiB"):
        gate(tmp_path / "a.jsonl", tmp_path / "out")


@pytest.mark.parametrize("raw", [b"", b"\n \n"])
def test_a_file_without_records_gives_one_without_records(tmp_path: Path, raw: bytes) -> None:
    write_lines(tmp_path / "a.jsonl", raw)
    assert gate(tmp_path / "a.jsonl", tmp_path / "out").kept_rows == 0
    assert (tmp_path / "out/kept/a.jsonl").read_bytes() == b""


@given(st.lists(st.text(max_size=10), max_size=6), st.integers(1, 1000))
def test_lines_are_the_same_wherever_a_block_ends(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], size: int
) -> None:
    path = tmp_path_factory.mktemp("blocks") / "a.jsonl"
    raw = lines_of(row(text=text) for text in texts)
    path.write_bytes(raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "_BLOCK_BYTES", size)
        read = [
            line
            for block in json_lines.JsonLines().read(path, path.name, mapping(), whole=True)
            for line in block.content
        ]
    assert b"".join(read) == raw
    assert len(read) == len(texts)


@pytest.mark.parametrize("mode", [GateMode.LINK, GateMode.IDS])
def test_lines_can_be_linked_or_left_out_too(tmp_path: Path, mode: GateMode) -> None:
    lake = tmp_path / "lake"
    write_lines(lake / "clean.jsonl.gz", lines_of([row()]))
    write_lines(lake / "mixed.jsonl", lines_of(lake_rows(100)))
    write_parquet(lake / "old.parquet", [row()])
    manifest = gate(lake, tmp_path / "out", mode)
    assert (tmp_path / "out" / "kept").exists() == (mode is GateMode.LINK)
    if mode is GateMode.LINK:
        assert manifest.linked == ("kept/clean.jsonl.gz", "kept/old.parquet")
        assert (tmp_path / "out/kept/clean.jsonl.gz").samefile(lake / "clean.jsonl.gz")
    assert manifest.kept_rows == 70


def test_a_dry_run_decides_the_same(tmp_path: Path) -> None:
    write_lines(tmp_path / "lake" / "a.jsonl.zst", lines_of(lake_rows(500)))
    write_parquet(tmp_path / "lake" / "b.parquet", lake_rows(500))
    dry = decide_only(tmp_path / "lake", mapping(), ADA_OBJECTS, None, lambda _done, _total: None)
    manifest = gate(tmp_path / "lake", tmp_path / "out")
    assert (dry.kept_rows, dry.withheld_rows) == (manifest.kept_rows, manifest.withheld_rows)
    assert dry.withheld_by_reason == manifest.withheld_by_reason


def test_progress_does_not_promise_an_end_that_nobody_knows(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", GOOD)
    told: list[tuple[int, int | None]] = []
    request = GateRequest(tmp_path / "a.jsonl", mapping(), tmp_path / "out")
    run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda done, total: told.append((done, total)))
    assert told == [(1, None)]


def test_one_column_cannot_be_a_list_and_a_text(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", GOOD)
    text = MAPPING.replace("tagged_accounts: tagged_accounts", "tagged_accounts: author_account")
    with pytest.raises(ColumnTypeError):
        gate(tmp_path / "a.jsonl", tmp_path / "out", text=text)


def test_a_mapping_is_proposed_from_the_first_lines(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl.gz", lines_of(lake_rows(10)))
    assert "author_account: author_account" in propose_mapping(load_schema(path))
    with pytest.raises(UnreadableInputError, match="first lines cannot be read"):
        load_schema(write_lines(tmp_path / "b.jsonl", b"no json\n"))
    assert not load_schema(write_lines(tmp_path / "c.jsonl", b"")).names

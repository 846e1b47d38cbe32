"""Arrow files and streams: laid out as they were, without a word of a withheld row, and nothing damaged passes."""

import contextlib
from pathlib import Path
from random import Random
from uuid import UUID

import polars as pl
import pyarrow as pa
import pytest
from format_world import ARROW_FILE, ARROW_STREAM, MODES, WORDED, FileKind, read_arrow, write_arrow
from gate_world import GATE_SIGNER, SCHEMA, lake_rows, list_of, mapping, row

from demur.core.gate_manifest import GateManifest, GateMode
from demur.gate.errors import ColumnMissingError, GateError, InputChangedError, UnreadableInputError
from demur.gate.formats.arrow_ipc import ArrowIpc
from demur.gate.run import GateRequest, run_gate
from demur.gate.source import load_schema

ADA_OBJECTS = list_of("lumen:ada")
BOTH = pytest.mark.parametrize("kind", [ARROW_FILE, ARROW_STREAM], ids=lambda kind: kind.suffix)


def gate(inputs: Path, out: Path, mode: GateMode = GateMode.REWRITE) -> GateManifest:
    request = GateRequest(inputs, mapping(), out, mode=mode)
    return run_gate(request, ADA_OBJECTS, GATE_SIGNER, lambda _done, _total: None)


def batches_of(path: Path) -> list[pa.RecordBatch]:
    raw = pa.BufferReader(path.read_bytes())
    if path.suffix == ".arrows":
        return list(pa.ipc.open_stream(raw))
    reader = pa.ipc.open_file(raw)
    return [reader.get_batch(number) for number in range(reader.num_record_batches)]


def codecs_of(path: Path) -> set[bool]:
    """Return for each batch whether its text is compressed, by the size of its message."""
    raw = pa.BufferReader(path.read_bytes())
    raw.seek(0 if path.suffix == ".arrows" else 8)
    return {message.body.size < 20_000 for message in pa.ipc.MessageReader.open_stream(raw) if message.body.size}


@BOTH
@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
def test_schema_batches_and_codec_stay(tmp_path: Path, kind: FileKind, codec: str | None) -> None:
    schema = SCHEMA.append(pa.field("key", pa.uuid())).with_metadata({"origin": "lumen"})
    path = tmp_path / f"a.{kind.suffix}"
    rows = [row(record_id=f"r{number}", text="x" * 9000, key=UUID(int=number).bytes) for number in range(20)]
    rows[2]["author_account"] = "lumen:ada"
    for each in rows[7:14]:
        each["kind"] = "dm"
    write_arrow(path, rows, codec=codec, schema=schema)
    manifest = gate(path, tmp_path / "out")
    kept = tmp_path / "out" / "kept" / path.name
    assert [batch.num_rows for batch in batches_of(kept)] == [6, 6]  # a batch without rows is none
    assert load_schema(kept).equals(schema, check_metadata=True)
    assert codecs_of(kept) == codecs_of(path) == {codec is not None}
    left = [each["key"] for number, each in enumerate(rows) if number != 2 and not 7 <= number < 14]
    assert [each["key"].bytes for each in read_arrow(kept)] == left
    assert manifest.kept_rows == 12
    ids = batches_of(tmp_path / "out" / "withheld" / path.name)
    assert [batch.num_rows for batch in ids] == [1, 7]
    assert ids[0].schema.field("record_id") == SCHEMA.field("record_id")


@BOTH
def test_the_first_bytes_say_what_a_file_is_and_not_its_name(tmp_path: Path, kind: FileKind) -> None:
    path = kind.write_to(tmp_path / f"a.{kind.suffix}", lake_rows(30))
    other = path.rename(tmp_path / ("b.arrow" if kind is ARROW_STREAM else "b.arrows"))
    gate(other, tmp_path / "out")
    kept = (tmp_path / "out" / "kept" / other.name).rename(tmp_path / path.name)
    assert len(read_arrow(kept)) == 20


@BOTH
@pytest.mark.parametrize("mode", [GateMode.REWRITE, GateMode.LINK])
def test_no_word_of_a_withheld_row_is_left_in_a_dictionary(tmp_path: Path, kind: FileKind, mode: GateMode) -> None:
    tags = pa.list_(pa.dictionary(pa.int16(), pa.string()))
    deep = pa.struct([pa.field("words", pa.dictionary(pa.int8(), pa.string()))])
    schema = WORDED.set(5, pa.field("tagged_accounts", tags)).append(pa.field("more", deep))
    rows = [
        row(record_id=f"r{number}", text=f"SECRET{number % 6}", tagged_accounts=[f"lumen:SECRET{number % 3}"])
        for number in range(40)
    ]
    for number, each in enumerate(rows):
        each["more"] = {"words": f"SECRET{number % 4}"}
        if number % 2 == 0:
            each["author_account"] = "lumen:ada"
        else:
            each |= {"text": f"word{number % 9}", "tagged_accounts": ["lumen:bo"], "more": {"words": f"w{number % 5}"}}
    rows[7] |= {"text": None, "more": None}
    path = tmp_path / f"a.{kind.suffix}"
    write_arrow(path, rows, schema=schema)
    assert b"SECRET" in path.read_bytes()
    gate(path, tmp_path / "out", mode)
    kept = tmp_path / "out" / "kept" / path.name
    assert read_arrow(kept) == [{**each, "more": each["more"] or None} for each in rows[1::2]]
    assert b"SECRET" not in kept.read_bytes()
    assert b"lumen:ada" not in kept.read_bytes()
    assert load_schema(kept).equals(schema)
    assert len({batch.column("text").dictionary.to_pylist().__repr__() for batch in batches_of(kept)}) == 1


def test_ids_that_are_words_are_written_without_the_ids_of_kept_rows(tmp_path: Path) -> None:
    write_arrow(tmp_path / "a.arrow", [row(record_id="kept"), row(record_id="withheld", kind="dm")], schema=WORDED)
    gate(tmp_path / "a.arrow", tmp_path / "out", GateMode.IDS)
    said = (tmp_path / "out" / "withheld" / "a.arrow").read_bytes()
    assert b"withheld" in said
    assert b"kept" not in said


@pytest.mark.parametrize("deltas", [False, True])
def test_dictionaries_that_grow_or_are_exchanged_within_a_stream_are_followed(tmp_path: Path, *, deltas: bool) -> None:
    path = tmp_path / "a.arrows"
    authors = [["lumen:cy", "lumen:ada"], ["lumen:cy", "lumen:ada", "lumen:bo"], ["lumen:ada", "lumen:dee"]]
    schema = WORDED.set(0, SCHEMA.field(0))
    options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)
    with pa.ipc.new_stream(str(path), schema, options=options) as writer:
        for words in authors:
            batch = pa.RecordBatch.from_pylist([row(record_id=each) for each in words], schema=schema)
            column = pa.DictionaryArray.from_arrays(pa.array(range(len(words)), pa.int32()), pa.array(words))
            writer.write_batch(batch.set_column(3, schema.field(3), column))
    gate(path, tmp_path / "out")
    kept = tmp_path / "out" / "kept" / "a.arrows"
    assert [each["author_account"] for each in read_arrow(kept)] == ["lumen:cy", "lumen:cy", "lumen:bo", "lumen:dee"]
    assert b"lumen:ada" not in kept.read_bytes()


def test_dictionaries_that_grow_within_a_file_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    with pa.ipc.new_file(str(path), WORDED, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as writer:
        for words in (["lumen:cy", "lumen:ada"], ["lumen:cy", "lumen:ada", "lumen:bo"]):
            batch = pa.RecordBatch.from_pylist([row()] * len(words), schema=WORDED)
            column = pa.DictionaryArray.from_arrays(pa.array(range(len(words)), pa.int32()), pa.array(words))
            writer.write_batch(batch.set_column(3, WORDED.field(3), column))
    gate(path, tmp_path / "out")
    kept = tmp_path / "out" / "kept" / "a.arrow"
    assert [each["author_account"] for each in read_arrow(kept)] == ["lumen:cy", "lumen:cy", "lumen:bo"]
    assert b"lumen:ada" not in kept.read_bytes()


def union_of_words() -> pa.Array:
    words = pa.array(["a", "b"]).dictionary_encode()
    return pa.UnionArray.from_sparse(pa.array([0, 0], pa.int8()), [words])


@pytest.mark.parametrize(
    "column",
    [
        union_of_words(),
        pa.DictionaryArray.from_arrays(
            pa.array([0, 1]), pa.StructArray.from_arrays([pa.array(["a", "b"]).dictionary_encode()], ["x"])
        ),
    ],
    ids=["in-a-union", "in-a-dictionary"],
)
def test_a_dictionary_where_it_cannot_be_cleaned_is_refused(tmp_path: Path, column: pa.Array) -> None:
    batch = pa.RecordBatch.from_pylist([row(), row(kind="dm")], schema=SCHEMA)
    batch = batch.append_column("odd", column)
    with pa.ipc.new_stream(str(tmp_path / "a.arrows"), batch.schema) as writer:
        writer.write_batch(batch)
    with pytest.raises(UnreadableInputError, match='column "odd" has a dictionary out of which'):
        gate(tmp_path / "a.arrows", tmp_path / "out")


def test_what_looks_like_arrow_and_is_not_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.feather"
    for raw in (
        b"FEA1" + bytes(100) + b"FEA1",
        b"",
        b"ARROW1\0\0",
        b"\xff\xff\xff\xff",
        b"\xff\xff\xff\xff\0\0\0\0",
        b"x" * 100,
    ):
        path.write_bytes(raw)
        with pytest.raises(UnreadableInputError, match=r"a\.feather is not an Arrow file or stream, or is damaged"):
            gate(path, tmp_path / "out")


@BOTH
def test_a_column_that_is_not_there_is_named_before_anything_is_read(tmp_path: Path, kind: FileKind) -> None:
    path = tmp_path / f"a.{kind.suffix}"
    write_arrow(path, [row()], schema=SCHEMA.remove(1))
    with pytest.raises(ColumnMissingError, match='no column "kind"'):
        gate(path, tmp_path / "out")


@BOTH
@pytest.mark.parametrize("mode", MODES)
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, kind: FileKind, mode: GateMode) -> None:
    path = kind.write_to(tmp_path / f"a.{kind.suffix}", lake_rows(21))
    whole = path.read_bytes()
    raw = pa.BufferReader(whole)
    raw.seek(0 if kind is ARROW_STREAM else 8)
    edges = [raw.tell() for _ in pa.ipc.MessageReader.open_stream(raw)]  # where Arrow itself sees nothing missing
    for size in [*edges, *range(1, len(whole), 503), len(whole) - 8, len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(UnreadableInputError, match=rf"a\.{kind.suffix}"):
            gate(path, tmp_path / "out", mode)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", MODES)
def test_a_message_that_says_that_it_is_the_end_is_refused(tmp_path: Path, mode: GateMode) -> None:
    path = ARROW_FILE.write_to(tmp_path / "a.arrow", lake_rows(21))
    raw = path.read_bytes()
    schema = raw.index(b"\xff" * 4)
    first_batch = raw.index(b"\xff" * 4, schema + 4)
    path.write_bytes(raw[: first_batch + 4] + bytes(4) + raw[first_batch + 8 :])
    with pytest.raises(UnreadableInputError, match=r"a\.arrow"):
        gate(path, tmp_path / "out", mode)
    assert not (tmp_path / "out").exists()


def test_more_behind_the_end_of_a_stream_is_refused(tmp_path: Path) -> None:
    path = ARROW_STREAM.write_to(tmp_path / "a.arrows", lake_rows(7))
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(UnreadableInputError, match=r"a\.arrows, record batch 1, is cut off or damaged"):
        gate(path, tmp_path / "out")


def test_text_that_is_not_utf_8_stops_the_run_and_its_batch_is_named(tmp_path: Path) -> None:
    path = ARROW_FILE.write_to(tmp_path / "a.arrow", [row(), *[row(text="Zo\xeb")] * 8])
    path.write_bytes(path.read_bytes().replace("Zo\xeb".encode() * 2, b"Zo\xff\xff" * 2))
    with pytest.raises(UnreadableInputError, match=r"a\.arrow, record batch 0, is cut off or damaged"):
        gate(path, tmp_path / "out")


@BOTH
def test_flipped_bytes_are_refused_or_decided_about(tmp_path: Path, kind: FileKind) -> None:
    path = kind.write_to(tmp_path / f"a.{kind.suffix}", lake_rows(21))
    whole, random = path.read_bytes(), Random(4)
    for number in range(60):
        changed = bytearray(whole)
        changed[random.randrange(len(whole))] ^= 1 << random.randrange(8)
        path.write_bytes(changed)
        with contextlib.suppress(GateError):
            manifest = gate(path, tmp_path / "out" / str(number))
            assert manifest.kept_rows + manifest.withheld_rows == manifest.inputs[0].rows


@pytest.mark.parametrize("words", [["a"], ["a", "b", "c", "d", "e"]])
def test_a_file_exchanged_before_it_is_read_again_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    def rows(texts: list[str]) -> list[dict[str, object]]:
        return [row(record_id=f"r{number}", text=texts[number % len(texts)]) for number in range(14)]

    path = tmp_path / "a.arrows"
    write_arrow(path, rows(["a", "b", "c"]), schema=WORDED)
    read = ArrowIpc.read

    def exchange(*arguments: object, **options: object) -> object:
        yield from read(*arguments, **options)  # type: ignore[arg-type]
        write_arrow(path, rows(words), schema=WORDED)

    monkeypatch.setattr(ArrowIpc, "read", exchange)
    with pytest.raises(InputChangedError):
        gate(path, tmp_path / "out")


def test_a_file_of_polars_whose_beginning_is_no_stream_is_read_by_its_footer(tmp_path: Path) -> None:
    rows = pl.from_arrow(pa.Table.from_pylist(lake_rows(30), schema=SCHEMA))
    for number, codec in enumerate(("uncompressed", "lz4", "zstd")):
        path = tmp_path / f"{number}.arrow"
        rows.write_ipc(path, compression=codec, compat_level=pl.CompatLevel.oldest())
        gate(path, tmp_path / "out" / str(number))
        kept = tmp_path / "out" / str(number) / "kept" / path.name
        assert pl.read_ipc(kept).height == 20
        assert kept.stat().st_size < path.stat().st_size


@pytest.mark.parametrize("kind", [ARROW_FILE, ARROW_STREAM], ids=lambda kind: kind.suffix)
def test_views_in_files_of_polars_stay_views_and_hide_nothing(tmp_path: Path, kind: FileKind) -> None:
    path = tmp_path / f"a.{kind.suffix}"
    rows = [row(record_id=f"r{number}", text=f"{number} and longer than a view holds") for number in range(9)]
    rows[3]["author_account"] = "lumen:ada"
    rows[5]["tagged_accounts"] = ["lumen:a-tag-longer-than-a-view-holds", "lumen:ada"]
    rows = [{**each, "pair": ["a", "b"]} for each in rows]
    table = pl.DataFrame(rows, schema_overrides={"pair": pl.Array(pl.String, 2)})
    table = table.with_columns(pl.col("record_id").cast(pl.Categorical))
    _ = table.write_ipc(path) if kind is ARROW_FILE else table.write_ipc_stream(path)
    gate(path, tmp_path / "out")
    kept = tmp_path / "out" / "kept" / path.name
    assert load_schema(kept).equals(load_schema(path))
    assert pa.string_view() in load_schema(kept).types
    assert read_arrow(kept) == [*rows[:3], rows[4], *rows[6:]]
    for word in (b"3 and longer", b"5 and longer", b"a-tag-longer"):
        assert word in path.read_bytes()
        assert word not in kept.read_bytes()


@pytest.mark.parametrize("mode", MODES)
def test_a_column_out_of_which_no_row_can_be_taken_is_refused(tmp_path: Path, mode: GateMode) -> None:
    batch = pa.RecordBatch.from_pylist([row(), row(author_account="lumen:ada")], schema=SCHEMA)
    batch = batch.append_column("odd", pa.RunEndEncodedArray.from_arrays([2], [1]))
    with pa.ipc.new_stream(str(tmp_path / "a.arrows"), batch.schema) as writer:
        writer.write_batch(batch)
    if mode is GateMode.IDS:
        assert gate(tmp_path / "a.arrows", tmp_path / "out", mode).kept_rows == 1  # no such column is read
    else:
        with pytest.raises(UnreadableInputError, match=r"record batch 0 has a column of a type out of which"):
            gate(tmp_path / "a.arrows", tmp_path / "out", mode)


@BOTH
@pytest.mark.parametrize(
    "elements",
    [
        pa.list_view(pa.string()),
        pa.large_list_view(pa.string()),
        pa.list_(pa.list_view(pa.string())),
        pa.opaque(pa.list_view(pa.string()), "views", "lumen"),
        pa.dictionary(pa.int8(), pa.list_view(pa.string())),
    ],
    ids=["list_view", "large_list_view", "in-a-list", "in-an-extension", "in-a-dictionary"],
)
def test_views_of_lists_take_nothing_of_a_withheld_row_along(
    tmp_path: Path, kind: FileKind, elements: pa.DataType
) -> None:
    batch = pa.RecordBatch.from_pylist([row(), row(author_account="lumen:ada")], schema=SCHEMA)
    path = tmp_path / f"a.{kind.suffix}"
    path.write_bytes(with_column(batch, "more", column_of(elements, ["kept", "SECRET"]), kind))
    for mode in (GateMode.REWRITE, GateMode.LINK):
        with pytest.raises(UnreadableInputError, match='column "more" has views of lists'):
            gate(path, tmp_path / "out", mode)
    assert gate(path, tmp_path / "ids", GateMode.IDS).kept_rows == 1  # no such column is read


def column_of(kind: pa.DataType, words: list[str]) -> pa.Array:
    """One word for each row, as deep inside as the type has it."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, column_of(kind.storage_type, words))
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(pa.array([0, 1], kind.index_type), column_of(kind.value_type, words))
    values = [[word] for word in words]
    return pa.array([[each] for each in values] if pa.types.is_list(kind) else values, kind)


def with_column(batch: pa.RecordBatch, name: str, column: pa.Array, kind: FileKind) -> bytes:
    batch, sink = batch.append_column(name, column), pa.BufferOutputStream()
    with (pa.ipc.new_file if kind is ARROW_FILE else pa.ipc.new_stream)(sink, batch.schema) as writer:
        writer.write_batch(batch)
    raw: bytes = sink.getvalue().to_pybytes()
    return raw


def test_a_file_without_batches_gives_one_without_batches(tmp_path: Path) -> None:
    path = ARROW_FILE.write_to(tmp_path / "a.arrow", [])
    assert gate(path, tmp_path / "out").kept_rows == 0
    assert read_arrow(tmp_path / "out" / "kept" / "a.arrow") == []

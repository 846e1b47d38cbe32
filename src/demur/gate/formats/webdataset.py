"""WebDataset: tar files in which consecutive members with one key are a sample, plain or compressed.

The key of a member is its path up to the first dot of its last part; what follows is its field. The field `json` of a
sample is the record that the source mapping speaks of, as a line of JSON Lines would be. Besides, a mapping may name
`__key__`, `txt` for the text of that field, and `__image__` for all images of a sample. Other fields (sounds, figures)
are carried and never looked at. Members of kept samples are copied byte for byte, their headers included, and nothing
else is.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import ClassVar, Final, cast

import pyarrow as pa

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.compressed_file import CompressedFile
from demur.gate.formats.data_format import DAMAGED, Block
from demur.gate.formats.json_lines import WithheldLines, infer_schema, is_record, read_records, record_schema
from demur.gate.formats.webdataset_tar import (
    CODECS,
    END,
    RECORD_BYTES,
    Member,
    TarStream,
    codec_of,
    open_tar,
    read_members,
)
from demur.gate.mapped_batch import check_columns, read_columns, without_unread
from demur.gate.mapping import SourceMapping
from demur.gate.string_window import BoolMask

_KEY: Final = "__key__"
_RECORD: Final = "json"
_TEXT: Final = "txt"
_IMAGE: Final = "__image__"
_IMAGE_SUFFIXES: Final = frozenset(
    {"jpg", "jpeg", "jfif", "png", "webp", "gif", "tif", "tiff", "bmp", "avif", "heic", "heif"}
)
_BLOCK_BYTES: Final = 4 << 20
_BLOCK_SAMPLES: Final = 1 << 16
_IMAGE_BLOCK_BYTES: Final = 64 << 20
_MOST_FIELD_BYTES: Final = 256 << 20
"""Of fields that are read into memory: records, texts and images."""

_IMAGES: Final = pa.list_(pa.large_binary())

_Ranges = list[tuple[int, int]]


@dataclass
class _Sample:
    """Consecutive members with one key.

    Attributes:
        key: theirs.
        is_dotted: whether "./" stands before their names.
        record: the field `json` as one line; None as long as it has not come.
        text: the field `txt`; None if there is none.
        images: the fields that are images, if anybody asks for them.
        names: of all fields.
        ranges: where the members are in the tar file: (start, end), with as few gaps as possible.
    """

    key: str
    is_dotted: bool
    record: bytes | None = None
    text: bytes | None = None
    images: list[bytes] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    ranges: _Ranges = field(default_factory=list)


class WebDataset:
    """Tar shards; see `DataFormat`. The content of a block is where its samples are in the tar file."""

    SUFFIXES: ClassVar[tuple[str, ...]] = tuple(CODECS)
    READS_COLUMNS: ClassVar[bool] = False
    WITHHELD_SUFFIX: ClassVar[str] = ".jsonl"

    def count_rows(self, path: Path, name: str, mapping: SourceMapping) -> None:
        """Return None: a tar file has no header of its own."""

    def load_schema(self, path: Path, name: str) -> pa.Schema:
        """Return the fields of the first records, with the types that Arrow sees in them, the key, and the text."""
        samples = next(_sample_blocks(path, name), [])
        try:
            schema = infer_schema(b"".join(_record(sample, name) for sample in samples))
        except DAMAGED as error:
            raise UnreadableInputError(f"{name} is no shard of samples: its first records cannot be read") from error
        has_text = any(sample.text is not None for sample in samples)
        has_image = any(map(_is_image, set().union(*(sample.names for sample in samples))))
        own = (
            {_KEY: pa.string()} | ({_TEXT: pa.string()} if has_text else {}) | ({_IMAGE: _IMAGES} if has_image else {})
        )
        for column, kind in own.items():
            if column not in schema.names:
                schema = schema.append(pa.field(column, kind))
        return schema

    def read(self, path: Path, name: str, mapping: SourceMapping, *, whole: bool) -> Iterator[Block]:  # noqa: ARG002
        """Yield the samples, some megabytes of records at a time."""
        schema = None
        for samples in _sample_blocks(path, name, with_images=_IMAGE in read_columns(mapping)):
            records = [_record(sample, name) for sample in samples]
            if schema is None:
                schema = record_schema(mapping, records[0])
                check_columns(_as_given(schema), without_unread(mapping), name)
            where = f'{name}, samples "{samples[0].key}" to "{samples[-1].key}"'
            batch = _with_own_columns(_parse(samples, records, schema, name), samples, mapping, where)
            yield Block(where, batch, [sample.ranges for sample in samples], ends_part=True)

    def create_kept(self, target: Path, source: Path, name: str) -> "_KeptShard":
        """Create a tar file that is compressed as its name says."""
        return _KeptShard(target, source, name)

    def create_withheld(self, target: Path, source: Path, name: str, mapping: SourceMapping) -> WithheldLines:  # noqa: ARG002
        """Create a file with a line for each withheld sample."""
        return WithheldLines(target)


class _KeptShard(CompressedFile):
    """A tar file of kept samples, copied from the source while it is gone through a second time.

    Attributes:
        rows: samples.
    """

    def __init__(self, target: Path, source: Path, name: str) -> None:
        with ExitStack() as opened:
            self._source = opened.enter_context(open_tar(source, name))
            super().__init__(target, codec_of(name))
            self._opened = opened.pop_all()
        self._bytes = self.rows = 0

    def append(self, block: Block, kept_mask: BoolMask) -> None:
        """Copy the members of the kept samples."""
        for start, end in _joined(compress(cast("list[_Ranges]", block.content), kept_mask)):
            self._source.skip_to(start)
            for part in self._source.read_parts(end):
                self.write(part)
            self._bytes += end - start
        self.rows += int(kept_mask.sum())

    def close(self) -> bytes:
        """End the tar file as Python's tarfile and GNU tar do."""
        self.write(END + bytes(-(self._bytes + len(END)) % RECORD_BYTES))
        return super().close()

    def __exit__(self, *error: object) -> None:
        """Let go of both files."""
        with self._opened:
            super().__exit__(*error)


def _joined(samples: Iterator[_Ranges]) -> Iterator[tuple[int, int]]:
    """Yield ranges in order, those that meet as one, so that they are copied in large parts."""
    before: tuple[int, int] | None = None
    for start, end in (each for ranges in samples for each in ranges):
        if before is not None and before[1] == start:
            before = before[0], end
            continue
        if before is not None:
            yield before
        before = start, end
    if before is not None:
        yield before


def _sample_blocks(path: Path, name: str, *, with_images: bool = False) -> Iterator[list[_Sample]]:
    """Yield the samples in order, none of them empty, some at a time."""
    block: list[_Sample] = []
    block_bytes = image_bytes = 0
    with open_tar(path, name) as tar:
        for sample in _samples(tar, name, with_images=with_images):
            block.append(sample)
            block_bytes += len(sample.record or b"") + len(sample.text or b"")
            image_bytes += sum(map(len, sample.images))
            if block_bytes >= _BLOCK_BYTES or image_bytes >= _IMAGE_BLOCK_BYTES or len(block) >= _BLOCK_SAMPLES:
                yield block
                block, block_bytes, image_bytes = [], 0, 0
    if block:
        yield block


def _samples(tar: TarStream, name: str, *, with_images: bool) -> Iterator[_Sample]:
    """Yield the samples.

    Raises:
        UnreadableInputError: names the shard and the sample in which readers would see different things.
    """
    seen: set[str] = set()
    sample: _Sample | None = None
    for member in read_members(tar, name):
        key, field_name = _split(member, name)
        if sample is None or key != sample.key:
            if key in seen:
                raise _bad(name, key, "comes in two places: readers would see two samples of one key")
            if sample is not None:
                yield sample
            seen.add(key)
            sample = _Sample(key, is_dotted=member.is_dotted)
        elif member.is_dotted != sample.is_dotted:
            raise _bad(name, key, 'has names with "./" before them and names without: some readers see two samples')
        _note(sample, field_name, member, name)
        if field_name in (_RECORD, _TEXT) or (with_images and _is_image(field_name)):
            _keep(sample, field_name, _read(sample, field_name, member, tar, name), name)
    if sample is not None:
        yield sample


def _is_image(field_name: str) -> bool:
    return field_name.rpartition(".")[2] in _IMAGE_SUFFIXES


def _note(sample: _Sample, field_name: str, member: Member, name: str) -> None:
    if field_name in sample.names:
        raise _bad(name, sample.key, f'has two members "{field_name}": readers would take one or the other')
    sample.names.add(field_name)
    if sample.ranges and sample.ranges[-1][1] == member.start:
        sample.ranges[-1] = sample.ranges[-1][0], member.end
    else:
        sample.ranges.append((member.start, member.end))


def _read(sample: _Sample, field_name: str, member: Member, tar: TarStream, name: str) -> bytes:
    if member.size > _MOST_FIELD_BYTES:
        raise _bad(name, sample.key, f'has a member "{field_name}" of more than {_MOST_FIELD_BYTES >> 20} MiB')
    return tar.read(member.size)


def _keep(sample: _Sample, field_name: str, raw: bytes, name: str) -> None:
    if field_name == _RECORD:
        sample.record = _line(raw, sample.key, name)
    elif field_name == _TEXT:
        sample.text = raw
    else:
        sample.images.append(raw)


def _split(member: Member, name: str) -> tuple[str, str]:
    """Return the key and the field of a member, which readers take without regard to case."""
    folder, slash, last = member.name.rpartition("/")
    stem, _, field_name = last.partition(".")
    if not stem or not field_name:
        raise UnreadableInputError(
            f'{name}, member "{member.name}", belongs to no sample: its name is not a key, a dot and a field',
            hint="take it out of the shard: nothing is passed over in silence",
        )
    return f"{folder}{slash}{stem}", field_name.lower()


def _line(raw: bytes, key: str, name: str) -> bytes:
    """Return a record as one line: between values, JSON may have line ends."""
    raw = raw.strip()
    if b"\n" in raw or b"\r" in raw:
        try:
            json.loads(raw)  # within a text a line end is an error, and must not become a space
        except (ValueError, RecursionError) as error:
            raise _no_record(name, key) from error
        raw = raw.replace(b"\n", b" ").replace(b"\r", b" ")
    return raw + b"\n"


def _record(sample: _Sample, name: str) -> bytes:
    if sample.record is None:
        raise _bad(name, sample.key, f'has no member "{_RECORD}": nobody can tell whose it is')
    return sample.record


def _parse(samples: list[_Sample], records: list[bytes], schema: pa.Schema, name: str) -> pa.RecordBatch:
    try:
        return read_records(records, schema)
    except DAMAGED as error:
        bad = (sample for sample, line in zip(samples, records, strict=True) if not is_record(line, schema))
        raise _no_record(name, next(bad, samples[0]).key) from error


def _with_own_columns(
    batch: pa.RecordBatch, samples: list[_Sample], mapping: SourceMapping, where: str
) -> pa.RecordBatch:
    """Return the batch with the columns that are no fields of a record, if the mapping names them."""
    for column in {_KEY, _TEXT, _IMAGE}.intersection(read_columns(mapping)):
        if batch.column(column).null_count < len(samples):
            raise UnreadableInputError(
                f'{where}: a record has a field "{column}" of its own, and the source mapping could mean either',
                hint="give the field another name, or do not name it in the source mapping",
            )
        if column == _IMAGE:
            images = pa.array([sample.images for sample in samples], _IMAGES)
            batch = batch.set_column(batch.schema.get_field_index(column), column, images)
            continue
        values = [sample.key.encode() if column == _KEY else sample.text for sample in samples]
        # Not checked for UTF-8 here: there is a rule that withholds what is none.
        array = pa.array(values, pa.binary()).cast(pa.string(), safe=False)
        batch = batch.set_column(batch.schema.get_field_index(column), column, array)
    return batch


def _as_given(schema: pa.Schema) -> pa.Schema:
    """Return the columns as blocks have them: in no record there can be an image."""
    place = schema.get_field_index(_IMAGE)
    return schema if place < 0 else schema.set(place, pa.field(_IMAGE, _IMAGES))


def _no_record(name: str, key: str) -> UnreadableInputError:
    return _bad(
        name,
        key,
        f'has a member "{_RECORD}" that is not one JSON object in which each field of the source mapping stands once '
        "and has the type of its role",
    )


def _bad(name: str, key: str, what: str) -> UnreadableInputError:
    return UnreadableInputError(
        f'{name}, sample "{key}", {what}', hint="mend the sample or take it out of the shard, and run again"
    )

"""The formats that are fuzzed: their undamaged files, what damages them, and who reads what the gate let through.

A new format is one entry of FORMATS.
"""

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from format_world import WORDED, csv_bytes
from fuzz_arrow import damage_messages
from fuzz_bytes import damage
from fuzz_csv import damage_records
from fuzz_json import damage_lines
from fuzz_parquet import damage_structure
from fuzz_readers import (
    Fields,
    read_arrow_with_polars,
    read_lines_with_duckdb,
    read_lines_with_python,
    read_parquet_with_duckdb,
    read_parquet_with_polars,
    read_records_with_duckdb,
    read_records_with_polars,
    read_records_with_python,
    read_samples_at_random,
    read_samples_in_a_stream,
)
from fuzz_rows import kinds_of_rows
from fuzz_tar import damage_members, shard_of
from gate_world import SCHEMA

Pack = Callable[[bytes], bytes]


@dataclass(frozen=True)
class FuzzFormat:
    """How one format is fuzzed.

    Attributes:
        suffix: what its files end in.
        bases: undamaged files; those at odd places hold strangers' rows only, so that mode `link` has what to link.
        damage_structure: damages what is inside the packing.
        pack, unpack: put the packing (compression) on, and take it off.
        readers: who reads what the gate let through.
    """

    suffix: str
    bases: Sequence[bytes]
    damage_structure: Callable[[bytes, Random], bytes]
    readers: Sequence[Callable[[Path], Iterator[Fields]]]
    pack: Pack = bytes
    unpack: Pack = bytes

    def mutant(self, base: int, random: Random) -> bytes:
        """Return a damaged file: damaged as bytes, in its structure, or both."""
        raw = self.bases[base]
        how = random.randrange(4)
        if how < 3:
            raw = self.pack(self.damage_structure(self.unpack(raw), random))
        if how == 2 and self.pack is not bytes:
            raw = self.pack(damage(self.unpack(raw), list(map(self.unpack, self.bases)), random))
        elif how >= 2:
            raw = damage(raw, self.bases, random)
        return raw


def _lines() -> list[bytes]:
    return [
        b"".join(json.dumps(row, ensure_ascii=place < 2).encode() + b"\n" for row in rows)
        for place, rows in enumerate(kinds_of_rows())
    ]


def _parquet_files() -> list[bytes]:
    """Files of several writers and layouts."""
    layouts: list[dict[str, object]] = [
        {"row_group_size": 20},
        {"compression": "zstd", "data_page_version": "2.0", "row_group_size": 7, "data_page_size": 64},
        {"compression": "none", "use_dictionary": False, "write_page_checksum": True, "row_group_size": 25},
        {"compression": "gzip", "store_schema": False, "write_page_index": True},
    ]
    files = []
    for layout in layouts:
        for rows in kinds_of_rows()[:2]:
            sink = io.BytesIO()
            pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), sink, **layout)
            files.append(sink.getvalue())
    return files


def _arrow_files(create: Callable[..., pa.ipc.RecordBatchStreamWriter]) -> list[bytes]:
    """Files with and without compression, of plain text and of words in dictionaries."""
    files = []
    for schema, codec in ((SCHEMA, None), (WORDED, None), (SCHEMA, "zstd"), (WORDED, "lz4")):
        for rows in kinds_of_rows()[:2]:
            sink = io.BytesIO()
            options = pa.ipc.IpcWriteOptions(compression=codec, unify_dictionaries=True)
            with create(sink, schema, options=options) as writer:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema), max_chunksize=20)
            files.append(sink.getvalue())
    return files


def _unzip_zstd(raw: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(raw)


def _zip_gzip(raw: bytes) -> bytes:
    return gzip.compress(raw, 1, mtime=0)


def _of_lines(suffix: str, pack: Pack = bytes, unpack: Pack = bytes) -> FuzzFormat:
    readers = (read_lines_with_python, read_lines_with_duckdb)
    return FuzzFormat(suffix, list(map(pack, _lines())), damage_lines, readers, pack, unpack)


def _of_records(suffix: str, pack: Pack = bytes, unpack: Pack = bytes) -> FuzzFormat:
    files = [csv_bytes(rows, "\n" if place < 2 else "\r\n") for place, rows in enumerate(kinds_of_rows())]
    readers = (read_records_with_python, read_records_with_duckdb, read_records_with_polars)
    return FuzzFormat(suffix, list(map(pack, files)), damage_records, readers, pack, unpack)


def _of_shards(suffix: str, pack: Pack = bytes, unpack: Pack = bytes) -> FuzzFormat:
    tar_formats = (tarfile.PAX_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT)
    files = [shard_of(lines.splitlines(), tar_format) for lines, tar_format in zip(_lines(), tar_formats, strict=True)]
    readers = (read_samples_in_a_stream, read_samples_at_random)
    return FuzzFormat(suffix, list(map(pack, files)), damage_members, readers, pack, unpack)


FORMATS: Final[Mapping[str, Callable[[], FuzzFormat]]] = {
    "parquet": lambda: FuzzFormat(
        "parquet", _parquet_files(), damage_structure, (read_parquet_with_duckdb, read_parquet_with_polars)
    ),
    "arrow": lambda: FuzzFormat("arrow", _arrow_files(pa.ipc.new_file), damage_messages, (read_arrow_with_polars,)),
    "arrows": lambda: FuzzFormat("arrows", _arrow_files(pa.ipc.new_stream), damage_messages, (read_arrow_with_polars,)),
    "csv": lambda: _of_records("csv"),
    "csv.gz": lambda: _of_records("csv.gz", _zip_gzip, gzip.decompress),
    "tar": lambda: _of_shards("tar"),
    "tar.zst": lambda: _of_shards("tar.zst", zstandard.ZstdCompressor(1).compress, _unzip_zstd),
    "jsonl": lambda: _of_lines("jsonl"),
    "jsonl.gz": lambda: _of_lines("jsonl.gz", _zip_gzip, gzip.decompress),
    "jsonl.zst": lambda: _of_lines("jsonl.zst", zstandard.ZstdCompressor(1).compress, _unzip_zstd),
}

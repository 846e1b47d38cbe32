"""What Arrow's own reader does not tell of its messages: by which codec the buffers of a record batch are compressed.

A message begins with a FlatBuffers table, and a file ends with one: Message.fbs and File.fbs of the Arrow columnar
format, version 1.5. Arrow verifies them when it reads.
"""

import struct
from typing import Final

import pyarrow as pa

_CODECS: Final = {0: "lz4", 1: "zstd"}
"""CompressionType of Message.fbs."""

_HEADER, _COMPRESSION, _CODEC, _RECORD_BATCHES = 2, 3, 0, 3
"""Places of fields in the tables Message, RecordBatch, BodyCompression and Footer."""

_FOOTER_END: Final = struct.Struct("<i6s")
"""Length of the footer, and the magic."""


def find_stream_codec(stream: pa.NativeFile) -> str | None:
    """Return the codec of the first record batch of a stream, as Arrow calls it; None if there is none.

    Args:
        stream: at its beginning.

    Raises:
        ArrowException, OSError, LookupError, struct.error: damaged, or a codec that nobody knows.
    """
    messages = pa.ipc.MessageReader.open_stream(stream)
    return next((_codec_of(message) for message in messages if message.type == "record batch"), None)


def find_file_codec(file: pa.NativeFile) -> str | None:
    """Return the same of a file. Only its footer tells where it is: what else stands in a file may be anything.

    Args:
        file: which Arrow has opened, so that it verified the footer.

    Raises:
        ArrowException, OSError, LookupError, struct.error: as above.
    """
    end = file.size() - _FOOTER_END.size
    file.seek(end)
    length, _ = _FOOTER_END.unpack(file.read())
    file.seek(end - length)
    footer = file.read(length)
    batches = _find_field(footer, _follow(footer, 0), _RECORD_BATCHES)
    blocks = _follow(footer, batches)
    if not batches or not struct.unpack_from("<I", footer, blocks)[0]:
        return None
    file.seek(struct.unpack_from("<q", footer, blocks + 4)[0])
    return _codec_of(pa.ipc.read_message(file))


def _codec_of(message: pa.Message) -> str | None:
    raw = message.metadata.to_pybytes()
    batch = _follow(raw, _find_field(raw, _follow(raw, 0), _HEADER))
    compression = _find_field(raw, batch, _COMPRESSION)
    if not compression:
        return None
    codec = _find_field(raw, _follow(raw, compression), _CODEC)
    return _CODECS[raw[codec] if codec else 0]


def _follow(raw: bytes, place: int) -> int:
    """Return where a table begins, from the place of its offset."""
    return place + int(struct.unpack_from("<I", raw, place)[0])


def _find_field(raw: bytes, table: int, slot: int) -> int:
    """Return the place of a field of a table; 0 if it has its default."""
    vtable = table - struct.unpack_from("<i", raw, table)[0]
    size = struct.unpack_from("<H", raw, vtable)[0]
    at = 4 + 2 * slot
    offset = struct.unpack_from("<H", raw, vtable + at)[0] if at < size else 0
    return int(table + offset) if offset else 0

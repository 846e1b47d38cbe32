"""What Arrow's own reader does not tell of its messages: by which codec the buffers of a record batch are compressed.

A message begins with a FlatBuffers table, whose layout is Message.fbs and RecordBatch in the Arrow columnar format,
version 1.5. Arrow verified it when it read the message.
"""

import struct
from typing import Final

import pyarrow as pa

_CODECS: Final = {0: "lz4", 1: "zstd"}
"""CompressionType of Message.fbs."""

_HEADER, _COMPRESSION, _CODEC = 2, 3, 0
"""Places of fields in the tables Message, RecordBatch and BodyCompression."""


def find_codec(stream: pa.NativeFile) -> str | None:
    """Return the codec of the first record batch of a stream, as Arrow calls it; None if there is none.

    Args:
        stream: at the beginning of its schema.

    Raises:
        ArrowException, OSError, KeyError: not a stream of messages, or a codec that nobody knows.
    """
    for message in pa.ipc.MessageReader.open_stream(stream):
        if message.type == "record batch":
            raw = message.metadata.to_pybytes()
            batch = _follow(raw, _find_field(raw, _follow(raw, 0), _HEADER))
            compression = _find_field(raw, batch, _COMPRESSION)
            if not compression:
                return None
            codec = _find_field(raw, _follow(raw, compression), _CODEC)
            return _CODECS[raw[codec] if codec else 0]
    return None


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

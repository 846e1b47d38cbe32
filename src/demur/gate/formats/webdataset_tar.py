"""Tar files as strictly as no reader reads them, so that every reader finds the members in them that the gate found.

Members are regular files with plain relative names. Links, devices, sparse files, numbers in other notations, headers
that hold for several members, bytes where there should be none, and whatever else one reader follows and another does
not, are refused. Formats: POSIX ustar, pax and GNU, as Python's tarfile and GNU tar write them; those before ustar too.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from demur.gate.errors import UnreadableInputError
from demur.gate.formats.compressed_file import DecompressedFile
from demur.gate.formats.data_format import DAMAGED, unreadable

CODECS: Final[dict[str, str | None]] = {".tar": None, ".tar.gz": "gzip", ".tar.zst": "zstd"}
"""How a shard is compressed, by the end of its name."""

BLOCK_BYTES: Final = 512
RECORD_BYTES: Final = 20 * BLOCK_BYTES
"""Writers fill up a tar file with zeros to a whole number of these."""

END: Final = bytes(2 * BLOCK_BYTES)
"""What a tar file ends with."""

_COPY_BYTES: Final = 1 << 20
_MOST_EXTENDED_BYTES: Final = 1 << 20

_REGULAR, _FOLDER, _PAX, _GNU_LONG_NAME = b"0\0", b"5", b"x", b"L"
_POSIX_MAGIC, _GNU_MAGIC, _OLD_MAGIC = b"ustar\x0000", b"ustar  \x00", bytes(8)
_CHECKSUM: Final = slice(148, 156)
_SIZE: Final = slice(124, 136)
_NUMBERS: Final = (slice(100, 108), slice(108, 116), slice(116, 124), slice(136, 148), slice(329, 337), slice(337, 345))
"""Mode, owner, group, time, and the numbers of a device: nothing depends on them, but readers stop over bad ones."""

_OCTAL: Final = re.compile(rb" *[0-7]+[ \0]*\Z")
_NO_NUMBER: Final = re.compile(rb"[ \0]*\Z")
_BINARY_NUMBER: Final = (b"\x80", b"\xff")
_PAX_RECORD: Final = re.compile(rb"([1-9][0-9]{0,6}) ([A-Za-z0-9_.]+)=")
_HARMLESS: Final = {b"atime", b"ctime", b"mtime", b"uid", b"gid", b"uname", b"gname", b"comment"}
"""Fields of a pax header on which neither a member's name nor its bytes depend."""


@dataclass(frozen=True)
class Member:
    """A file in a tar file.

    Attributes:
        name: its path, with "/", and without "./" before it.
        is_dotted: whether "./" stands before it.
        start: offset of the first of its headers.
        data_start: offset of its bytes.
        size: how many they are.
    """

    name: str
    is_dotted: bool
    start: int
    data_start: int
    size: int

    @property
    def end(self) -> int:
        """Offset behind its bytes and what fills up their last block."""
        return self.data_start + _padded(self.size)


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class TarStream:
    """The bytes of a tar file, after decompression, from front to back.

    Attributes:
        offset: of the next byte.
    """

    def __init__(self, stream: _Stream, name: str, *, can_seek: bool) -> None:
        self._stream, self._name, self._can_seek = stream, name, can_seek
        self.offset = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            UnreadableInputError: there are not as many, or they are damaged.
        """
        raw = self._read(size)
        if len(raw) != size:
            raise cut_off(self._name)
        return raw

    def skip_to(self, offset: int) -> None:
        """Go forward to an offset.

        Raises:
            UnreadableInputError: as for `read`; of a file that is not compressed only the next `read` says so.
        """
        if self._can_seek:
            self._stream.seek(offset)  # type: ignore[attr-defined]
            self.offset = offset
        while self.offset < offset:
            self.read(min(_COPY_BYTES, offset - self.offset))

    def read_parts(self, end: int) -> Iterator[bytes]:
        """Yield the bytes before an offset, some at a time."""
        while self.offset < end:
            yield self.read(min(_COPY_BYTES, end - self.offset))

    def is_zero_to_the_end(self) -> bool:
        """Tell whether nothing but zeros follows, and read all of it."""
        while part := self._read(_COPY_BYTES):
            if part.count(0) != len(part):
                return False
        return True

    def _read(self, size: int) -> bytes:
        try:
            raw = self._stream.read(size)
        except DAMAGED as error:
            raise cut_off(self._name) from error
        self.offset += len(raw)
        return raw


@contextmanager
def open_tar(path: Path, name: str) -> Iterator[TarStream]:
    """Open a tar file, compressed as its name says.

    Raises:
        UnreadableInputError: it cannot be opened.
    """
    codec = codec_of(name)
    with ExitStack() as opened:
        try:
            stream: _Stream = (
                opened.enter_context(path.open("rb"))
                if codec is None
                else opened.enter_context(DecompressedFile(path, codec))
            )
        except DAMAGED as error:
            raise unreadable(f"{name} could not be opened", error) from error
        yield TarStream(stream, name, can_seek=codec is None)


def codec_of(name: str) -> str | None:
    """Return how a shard is compressed; None if it is not."""
    return next(codec for suffix, codec in CODECS.items() if name.endswith(suffix))


def read_members(tar: TarStream, name: str) -> Iterator[Member]:
    """Yield the members in order, without the entries of folders. Whoever gets one may read its bytes, or some of them.

    Raises:
        UnreadableInputError: names the tar file and what is wrong with it.
    """
    while (header := tar.read(BLOCK_BYTES)) != bytes(BLOCK_BYTES):
        start, long_name = tar.offset - BLOCK_BYTES, None
        if header[156:157] in (_PAX, _GNU_LONG_NAME):
            long_name = _read_extended(tar, header, name)
            header = tar.read(BLOCK_BYTES)
        own_name, size = _parse_header(header, name)
        member_name = long_name or own_name
        if header[156:157] == _FOLDER:
            if size:
                raise _odd(name, member_name, "is a folder with bytes of its own")
            continue
        if header[156:157] not in _REGULAR:
            raise _odd(name, member_name, "is a link, a device or a sparse file, or has more than one special header")
        member = Member(_check_name(member_name, name), member_name.startswith(b"./"), start, tar.offset, size)
        yield member
        tar.skip_to(member.data_start + size)
        _read_padding(tar, member.end, name)
    if tar.read(BLOCK_BYTES) != bytes(BLOCK_BYTES) or not tar.is_zero_to_the_end():
        raise UnreadableInputError(
            f"{name} goes on after its end: some readers would find more members than others",
            hint="write it again as one tar file",
        )


def cut_off(name: str) -> UnreadableInputError:
    """Return what is to be raised for a file that ends too early or is damaged."""
    return UnreadableInputError(f"{name} is cut off or damaged", hint="write it again")


def _odd(name: str, member: bytes, what: str) -> UnreadableInputError:
    shown = member.decode(errors="replace")
    shown = shown if shown.isprintable() else ascii(shown)[1:-1]
    return UnreadableInputError(
        f'{name}, member "{shown}", {what}',
        hint="write the shard again from plain files with relative names, e.g. with Python's tarfile or GNU tar",
    )


def _padded(size: int) -> int:
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _read_padding(tar: TarStream, end: int, name: str) -> None:
    """Read what fills up a block: with anything in it, bytes that nobody decided about would be copied."""
    if tar.read(end - tar.offset).strip(b"\0"):
        raise UnreadableInputError(f"{name} has bytes between its members that belong to none", hint="write it again")


def _parse_header(header: bytes, name: str) -> tuple[bytes, int]:
    """Return a member's name and size.

    Raises:
        UnreadableInputError: no header, a damaged one, or one that readers understand in different ways.
    """
    stated = header[_CHECKSUM]
    total = sum(header) - sum(stated) + len(stated) * ord(" ")
    if not _OCTAL.match(stated) or int(stated.strip(b" \0"), 8) != total:
        raise UnreadableInputError(f"{name} is not a tar file, or is damaged", hint="write it again")
    magic = header[257:265]
    unused = header[500:] if magic == _POSIX_MAGIC else header[345:] if magic == _GNU_MAGIC else header[257:]
    own_name, prefix = _text(header[:100]), _text(header[345:500])
    is_known = magic in (_POSIX_MAGIC, _GNU_MAGIC, _OLD_MAGIC) and not unused.strip(b"\0")
    if not is_known or own_name is None or prefix is None or not _OCTAL.match(header[_SIZE]):
        raise _odd(name, own_name or b"", "has a header in a notation that not every reader knows")
    for place in _NUMBERS:
        number = header[place]
        if not (_OCTAL.match(number) or _NO_NUMBER.match(number) or number.startswith(_BINARY_NUMBER)):
            raise _odd(name, own_name, "has a header with a number that is none")
    return b"/".join(part for part in (prefix, own_name) if part), int(header[_SIZE].strip(b" \0"), 8)


def _text(field: bytes) -> bytes | None:
    """Return the text in a field of a header; None if something stands behind its end."""
    text, _, rest = field.partition(b"\0")
    return None if rest.strip(b"\0") else text


def _read_extended(tar: TarStream, header: bytes, name: str) -> bytes | None:
    """Return the name of the next member as the header before its own has it; None if that says nothing of a name."""
    _, size = _parse_header(header, name)
    if size > _MOST_EXTENDED_BYTES:
        raise UnreadableInputError(f"{name} has a special header that is larger than any should be")
    raw = tar.read(size)
    _read_padding(tar, tar.offset + _padded(size) - size, name)
    found = _text(raw) if header[156:157] == _GNU_LONG_NAME else _pax_path(raw)
    if found is None:
        raise UnreadableInputError(
            f"{name} has a special header with something in it that not every reader understands",
            hint="write the shard again, e.g. with Python's tarfile or GNU tar, and without extended attributes",
        )
    return found or None


def _pax_path(raw: bytes) -> bytes | None:
    """Return the path in a pax header, empty if it has none; None if it has anything that matters otherwise."""
    found, place = {}, 0
    while place < len(raw):
        start = _PAX_RECORD.match(raw, place)
        end = place + int(start[1]) if start else 0
        if not start or raw[end - 1 : end] != b"\n" or end <= start.end() or start[2] in found:
            return None
        found[start[2]], place = raw[start.end() : end - 1], end
    path = found.pop(b"path", b"")
    return path if found.keys() <= _HARMLESS else None


def _check_name(raw: bytes, name: str) -> str:
    """Return a member's name without "./" before it."""
    try:
        member = raw.removeprefix(b"./").decode()
    except UnicodeDecodeError as error:
        raise _odd(name, raw, "has a name that is not UTF-8") from error
    if not member.isprintable() or "\\" in member or not {"", ".", ".."}.isdisjoint(member.split("/")):
        raise _odd(name, raw, "has a name that is no plain relative path")
    return member

"""The TDM Reservation Protocol inside documents: the XMP of a PDF, and the package document of an EPUB.

Source: W3C Community Group Final Report, 2024-05-10, sections on PDF and EPUB.
"""

import io
import re
import zipfile
import zlib
from typing import Final

from demur.reservations.hardened_xml import UnsafeXmlError, parse_xml
from demur.reservations.preference import Preference, combine, undetermined
from demur.reservations.tdmrep import read_reservation

MAX_METADATA_BYTES: Final = 16 * 1024 * 1024
_MAX_PART_BYTES: Final = 1024 * 1024
_MAX_PACKAGES: Final = 16
_OPF: Final = "{http://www.idpf.org/2007/opf}"
_ROOT_FILE: Final = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_TDM: Final = "http://www.w3.org/ns/tdmrep#"
_NAME: Final = "reservation"
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE\s[^\[>]*>")
"""One without declarations, as old packages have it; nothing is looked up by it."""


class UnreadableDocumentError(Exception):
    """A document cannot be read to its metadata; for the reader of files alone."""


def find_pdf_packet(raw: bytes) -> bytes | None:
    """Return the XMP of a PDF; None without any.

    Raises:
        UnreadableDocumentError: damaged, locked, too large, or no reader is installed.
    """
    try:
        import pikepdf  # noqa: PLC0415  (a large library, for PDF only)
    except ImportError as error:
        raise UnreadableDocumentError("reader_missing") from error
    try:
        with pikepdf.open(io.BytesIO(raw)) as document:
            found = document.Root.get("/Metadata")
            if found is None:
                return None
            kind = found.stream_dict.get("/Filter")
            packet = found.read_raw_bytes()
    except Exception as error:  # the library raises its own errors, Python's, and those of C++
        raise UnreadableDocumentError("damaged") from error
    if kind is None:
        return bytes(packet)
    if str(kind) != "/FlateDecode":
        raise UnreadableDocumentError("damaged")
    return _inflated(packet)


def is_epub(raw: bytes) -> bool:
    """Tell it by the first file in the archive (EPUB OCF 3.3, section 4.3)."""
    return raw.startswith(b"PK\3\4") and raw[30:58] == b"mimetypeapplication/epub+zip"


def read_epub(raw: bytes) -> Preference:
    """Return what an EPUB says; a damaged one is undetermined."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            container = parse_xml(_part(archive, "META-INF/container.xml"))
            packages = [each.get("full-path", "") for each in container.iter(_ROOT_FILE)]
            parts = [_part(archive, each) for each in packages[:_MAX_PACKAGES]]
    except (UnsafeXmlError, UnreadableDocumentError, zipfile.BadZipFile, KeyError, ValueError, OSError):
        return undetermined("damaged")
    except (NotImplementedError, RuntimeError, EOFError, zlib.error):  # locked, or packed in a way that is not known
        return undetermined("damaged")
    is_whole = 0 < len(packages) <= _MAX_PACKAGES
    return combine([*map(read_package, parts), *(() if is_whole else (undetermined("damaged"),))])


def read_package(raw: bytes) -> Preference:
    """Return what the package document of an EPUB says."""
    try:
        return read_reservation(_values(raw))
    except UnsafeXmlError:
        return undetermined("damaged")


def _values(raw: bytes) -> list[str]:
    """Return every reservation: of EPUB 2 in `name` and `content`, of EPUB 3 in `property` and text."""
    package = parse_xml(_DOCTYPE.sub(b"", raw, count=1))
    prefixes = re.findall(r"(\S+):\s+(\S+)", package.get("prefix", ""))
    names = {f"tdm:{_NAME}", *(f"{prefix}:{_NAME}" for prefix, uri in prefixes if uri == _TDM)}
    found = []
    for meta in package.iter():
        if meta.tag in ("meta", f"{_OPF}meta"):
            if meta.get("property") in names:
                found.append(meta.text or "")
            if meta.get("name") in names:
                found.append(meta.get("content", ""))
    return found


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        part = file.read(_MAX_PART_BYTES + 1)
    if len(part) > _MAX_PART_BYTES:
        raise UnreadableDocumentError("damaged")
    return part


def _inflated(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        packet = unpacker.decompress(packed, MAX_METADATA_BYTES)
    except zlib.error as error:
        raise UnreadableDocumentError("damaged") from error
    if not unpacker.eof:
        raise UnreadableDocumentError("damaged")
    return packet

"""Files that are two things at once: a photo for one program, an archive, a page or a program for another.

A photo is drawn anew before it is stored, so nothing of this would survive. Such a file is refused all the same: nobody
sends one by accident. What phones and cameras append (a film, a second picture, a depth map) is no such thing.
"""

import re

_SIGNATURES = (
    re.compile(rb"%PDF-[12]\."),
    re.compile(rb"\x7fELF[\x01\x02][\x01\x02]\x01"),
    re.compile(rb"PE\0\0(?:\x4c\x01|\x64\x86|\x64\xaa)"),
    re.compile(rb"[\xce\xcf]\xfa\xed\xfe[\x07\x0c]\0\0[\0\x01]"),  # Mach-O
    re.compile(rb"\xca\xfe\xba\xbe\0\0\0[\x2d-\x7f]"),  # a Java class
    re.compile(rb"7z\xbc\xaf\x27\x1c\0"),
    re.compile(rb"Rar!\x1a\x07[\0\x01]"),
    re.compile(rb"#!/(?:usr/)?bin/"),
    re.compile(rb"__HALT_COMPILER\(\)"),  # an archive of PHP
    re.compile(rb"<(?:\?php|[Hh][Tt][Mm][Ll]|[Ss][Cc][Rr][Ii][Pp][Tt]|[Ii][Ff][Rr][Aa][Mm][Ee])[\s>/]"),
)
"""Long enough that the noise of a photo's own data holds one less than once in ten thousand photos of 20 MB."""

_ZIP_END = re.compile(rb"PK\x05\x06")
_END_REACHES_BYTES = 22 + 65_535  # the record, and the longest comment behind it
_LOCATOR_BYTES = 20


def hides_another_file(raw: bytes) -> bool:
    """Tell whether the bytes of a photo are also an archive, a document, a page or a program."""
    return _is_archive(raw) or any(signature.search(raw) for signature in _SIGNATURES)


def _is_archive(raw: bytes) -> bool:
    """Tell whether programs would open it as a ZIP archive: they look from the end, so anything may stand before.

    Only whether a list of files stands where the end says that one is: it can be as long as all that was sent.
    """
    first = max(len(raw) - _END_REACHES_BYTES, 0)
    return any(_has_list_of_files(raw, first + end.start()) for end in _ZIP_END.finditer(raw[first:]))


def _has_list_of_files(raw: bytes, end: int) -> bool:
    """Tell it by the record at the archive's end (APPNOTE.TXT, sections 4.3.12, 4.3.15 and 4.3.16)."""
    size, offset = (int.from_bytes(raw[end + at : end + at + 4], "little") for at in (12, 16))
    is_large = raw[max(end - _LOCATOR_BYTES, 0) : end].startswith(b"PK\x06\x07")
    return is_large or any(at >= 0 and raw.startswith(b"PK\x01\x02", at) for at in (end - size, offset))

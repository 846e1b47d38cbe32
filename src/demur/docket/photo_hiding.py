"""Files that are two things at once: a photo for one program, an archive, a page or a program for another.

A photo is drawn anew before it is stored, so nothing of this would survive. Such a file is refused all the same: nobody
sends one by accident. What phones and cameras append (a film, a second picture, a depth map) is no such thing.
"""

import re
from io import BytesIO
from zipfile import BadZipFile, ZipFile

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


def hides_another_file(raw: bytes) -> bool:
    """Tell whether the bytes of a photo are also an archive, a document, a page or a program."""
    return _is_archive(raw) or any(signature.search(raw) for signature in _SIGNATURES)


def _is_archive(raw: bytes) -> bool:
    """Tell whether programs would open it as a ZIP archive: they look from the end, so anything may stand before."""
    if b"PK\x05\x06" not in raw:
        return False
    try:
        with ZipFile(BytesIO(raw)) as archive:
            return bool(archive.infolist())
    except (BadZipFile, ValueError, NotImplementedError, OverflowError):
        return False

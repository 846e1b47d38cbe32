"""What a photo carries besides its picture, and what a change to a photo must know how to do."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class PhotoParts:
    """What a photo carries besides its picture.

    Attributes:
        packets: its XMP; what JPEG keeps in several segments is put together.
        exif: its EXIF, each beginning as TIFF does.
        iptc: its IPTC-IIM records.
        is_signed: whether it has signed content credentials (C2PA).
        behind: what stands behind the picture: a film, a gain map, further pictures.
    """

    packets: tuple[bytes, ...] = ()
    exif: tuple[bytes, ...] = ()
    iptc: tuple[bytes, ...] = ()
    is_signed: bool = False
    behind: bytes = b""


class PhotoChange(Protocol):
    """What is to become of each part. A photo without XMP gets `new_packet()`."""

    def new_packet(self) -> bytes:
        """Return the packet of a photo that has none."""
        ...

    def main_packet(self, packet: bytes) -> bytes:
        """Return what the first packet becomes."""
        ...

    def other_packet(self, packet: bytes) -> bytes:
        """Return what any other packet becomes."""
        ...

    def exif(self, tiff: bytes) -> bytes:
        """Return what EXIF becomes; as many bytes as before."""
        ...

    def iptc(self, records: bytes) -> bytes:
        """Return what IPTC records outside of Photoshop's resources become."""
        ...

    def behind(self, behind: bytes) -> bytes:
        """Return what stands behind the picture afterwards; as many bytes as before."""
        ...

    def resources(self, resources: bytes) -> bytes:
        """Return what Photoshop's resources become."""
        ...

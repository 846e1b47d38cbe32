"""Drawing a photo anew, in a process of its own.

Decoders are large programs in C that read what a stranger sent. So they run in a child process that holds nothing worth
taking (no keys, no environment), can write no file, and has an end: of memory, of time. A decoder that crashes, hangs
or eats memory ends the child and nothing else.

`python -m demur.docket.photo_drawing` reads a photo from its standard input and answers on its standard output: a line
`drawn WIDTH HEIGHT` and the JPEG, or a line `refused PROBLEM`. Its argument is the longest that a
side may be, in pixels. With the argument `face` behind it the line `drawn` says at its end what came of looking for the
face in the photo as it was drawn.
"""

import os
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

from PIL import Image, ImageCms, ImageOps
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from demur.docket.errors import PhotoProblem, PhotoRefusedError
from demur.docket.face_reading import SoughtFace, face_word, parse_face_word, read_face
from demur.docket.photo_header import PhotoHeader, PhotoKind, read_header

LONG_EDGE_PIXELS = 2_048
"""The longer side of what is stored; larger photos are scaled down to it."""

MEMORY_BYTES = 768_000_000
"""Address space of the child."""

CPU_SECONDS = 10
WITH_FACE = "face"
_QUALITY = 90
_DRAWN, _REFUSED = b"drawn", b"refused"
_DECODERS: dict[PhotoKind, Callable[[BytesIO], ImageFile]] = {
    PhotoKind.JPEG: JpegImageFile,
    PhotoKind.PNG: PngImageFile,
    PhotoKind.WEBP: WebPImageFile,
}


@dataclass(frozen=True)
class CleanPhoto:
    """A photo as it is stored: a JPEG of its pixels and nothing else, at most LONG_EDGE_PIXELS long.

    Attributes:
        face: what came of looking for one; None where nobody asked for that.
    """

    jpeg: bytes
    width_pixels: int
    height_pixels: int
    face: SoughtFace | None = None


def draw_photo(raw: bytes, long_edge_pixels: int = LONG_EDGE_PIXELS) -> CleanPhoto:
    """Return a photo drawn anew: upright, in sRGB on white, scaled down, without metadata.

    Raises:
        PhotoRefusedError: it cannot be decoded whole.
    """
    try:
        with _open(raw, read_header(raw)) as image:
            picture = _to_srgb(_shrink(image, long_edge_pixels))
    except (PhotoRefusedError, MemoryError):
        raise
    except Exception as error:  # decoders raise errors of whatever type they like
        raise PhotoRefusedError(PhotoProblem.BROKEN) from error
    # A picture of its own: Pillow would copy comments and profiles of the one that it read.
    fresh = Image.new("RGB", picture.size)
    fresh.paste(picture)
    out = BytesIO()
    fresh.save(out, "JPEG", quality=_QUALITY)
    return CleanPhoto(out.getvalue(), *fresh.size)


def parse_answer(answer: bytes) -> CleanPhoto:
    """Return what the child drew.

    Raises:
        PhotoRefusedError: what it refused; or it died before it could answer.
    """
    line, _, jpeg = answer.partition(b"\n")
    words = line.decode("ascii", "replace").split()
    if words[:1] == [_DRAWN.decode()]:
        face = parse_face_word(words[3]) if words[3:] else None
        return CleanPhoto(jpeg, int(words[1]), int(words[2]), face)
    raise PhotoRefusedError(PhotoProblem(words[1]) if words else PhotoProblem.NOT_DRAWN)


def answer_for(raw: bytes, long_edge_pixels: int = LONG_EDGE_PIXELS, *, with_face: bool = False) -> bytes:
    """Return what the child writes for a photo."""
    try:
        photo = draw_photo(raw, long_edge_pixels)
        if with_face:
            photo = replace(photo, face=read_face(photo.jpeg))
    except PhotoRefusedError as error:
        return b"%b %b\n" % (_REFUSED, error.problem.encode())
    except MemoryError:
        return b"%b %b\n" % (_REFUSED, PhotoProblem.NOT_DRAWN.encode())
    face = f" {face_word(photo.face)}".encode() if photo.face else b""
    return b"%b %d %d%b\n%b" % (_DRAWN, photo.width_pixels, photo.height_pixels, face, photo.jpeg)


def _open(raw: bytes, header: PhotoHeader) -> ImageFile:
    """Open a photo with the one decoder of its kind, not through the registry of all that Pillow knows."""
    stream = BytesIO(raw)
    if header.kind is PhotoKind.HEIC:
        return _open_heic(stream)
    image = _DECODERS[header.kind](stream)
    if image.size != (header.width_pixels, header.height_pixels):
        raise PhotoRefusedError(PhotoProblem.BROKEN)  # two sizes in one file: the one that was checked is not this
    return image


def _open_heic(stream: BytesIO) -> ImageFile:
    from pi_heif import HeifImageFile, options  # noqa: PLC0415  (few photos need it)

    options.DECODE_THREADS = 1
    image: ImageFile = HeifImageFile(stream)
    return image


def _shrink(image: ImageFile, long_edge_pixels: int) -> Image.Image:
    """Return the (first) picture in a mode that can be scaled, at most so long, and upright."""
    small = _fit(image.size, long_edge_pixels)
    image.draft(None, small)  # JPEG: decoded at a half, a quarter or an eighth; nothing for other kinds
    image.load()
    picture = _plain(image)
    if picture.size != small and max(picture.size) > long_edge_pixels:
        picture = picture.resize(small, Image.Resampling.LANCZOS, reducing_gap=2.0)
    picture.info = dict(image.info)
    return ImageOps.exif_transpose(picture)


def _fit(size: tuple[int, int], long_edge_pixels: int) -> tuple[int, int]:
    longer = max(size)
    if longer <= long_edge_pixels:
        return size
    width, height = (max(round(side * long_edge_pixels / longer), 1) for side in size)
    return width, height


def _plain(image: Image.Image) -> Image.Image:
    """Return a picture of 8 bits a channel without a palette."""
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would cut off all above 255
        return image.point(lambda value: value / 256).convert("L")
    if "transparency" in image.info or image.mode in {"PA", "La", "RGBa"}:
        return image.convert("RGBA")
    if image.mode in {"L", "LA", "RGB", "RGBA", "CMYK"}:
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _to_srgb(picture: Image.Image) -> Image.Image:
    """Return a picture in sRGB, after its own colour profile if it has one that can be read; on white."""
    alpha = picture.getchannel("A") if picture.mode in {"LA", "RGBA"} else None
    colours = picture.convert({"LA": "L", "RGBA": "RGB"}[picture.mode]) if alpha else picture
    converted = _by_profile(colours, picture.info.get("icc_profile")) or colours.convert("RGB")
    if alpha is None:
        return converted
    white = Image.new("RGB", picture.size, "white")
    white.paste(converted, mask=alpha)
    return white


def _by_profile(colours: Image.Image, profile: bytes | None) -> Image.Image | None:
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(colours, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None  # a broken profile, or one of other channels, spoils the colours and not the photo


def _set_limits() -> None:
    """End this process when it needs too much, and let it write no file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _leave_the_core() -> None:
    """Let this process run on any core: the centre's, which began it, keeps to one that it needs for other people."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))


if __name__ == "__main__":
    _leave_the_core()
    _set_limits()
    asked = sys.argv[2:] == [WITH_FACE]
    sys.stdout.buffer.write(answer_for(sys.stdin.buffer.read(), *map(int, sys.argv[1:2]), with_face=asked))

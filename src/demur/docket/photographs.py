"""Photos that strangers send: checked, then drawn anew, so that nothing is stored but pixels.

What is promised: no metadata (place, time, device, thumbnail, comment, profile) survives; what else a file hides does
not survive either; and no file, however made, makes this process hold more than its bytes.

1. Count the bytes. 2. Find the kind by content. 3. Read the size in pixels from the head. 4. Look for a second file
inside. 5. Decode, scale, draw: in a child process with limits (demur.docket.photo_drawing), one at a time. Where its
sender agreed to that, and only there, a face is looked for in what was drawn, in the same process.
"""

import subprocess
import sys
import threading
from typing import BinaryIO

from demur.docket.errors import PhotoProblem, PhotoRefusedError
from demur.docket.photo_drawing import CPU_SECONDS, LONG_EDGE_PIXELS, WITH_FACE, CleanPhoto, parse_answer
from demur.docket.photo_header import PhotoHeader, PhotoKind, read_header
from demur.docket.photo_hiding import hides_another_file

__all__ = ["MAX_PHOTOS", "MAX_PHOTO_BYTES", "MAX_UPLOAD_BYTES", "CleanPhoto", "clean_photo"]

MAX_PHOTOS = 10
MAX_PHOTO_BYTES = 20_000_000
MAX_UPLOAD_BYTES = MAX_PHOTOS * MAX_PHOTO_BYTES + 1_000_000
"""The largest body of a form with photos: the photos, and its other fields."""

_MOST_PIXELS_STREAMED = 128_000_000
_MOST_PIXELS = {PhotoKind.WEBP: 25_000_000}
_MOST_PIXELS_OTHERWISE = 50_000_000
"""What a phone makes at most is 50 million, or 108 million as JPEG. Pillow holds a WebP picture four times."""

_WAIT_SECONDS = 10.0
"""How long a photo waits for its turn."""

MOST_AT_ONCE = 2
"""One is drawn and one waits; further ones are refused at once, so that no flood takes every thread of the server."""

_in_line, _one_at_a_time = threading.BoundedSemaphore(MOST_AT_ONCE), threading.BoundedSemaphore(1)
_COMMAND = (sys.executable, "-I", "-m", "demur.docket.photo_drawing")


def clean_photo(raw: BinaryIO, long_edge_pixels: int = LONG_EDGE_PIXELS, *, with_face: bool = False) -> CleanPhoto:
    """Return a photo as it may be stored: its pixels, upright, in sRGB, scaled down, in a JPEG without metadata.

    Args:
        raw: what was sent, from its beginning; not closed.
        long_edge_pixels: the longest that a side may be; a larger photo is scaled down to it.
        with_face: look for a face too; only for whoever agreed to it expressly.

    Raises:
        PhotoRefusedError: says why it cannot be taken.
    """
    sent = raw.read(MAX_PHOTO_BYTES + 1)
    if not sent:
        raise PhotoRefusedError(PhotoProblem.EMPTY)
    if len(sent) > MAX_PHOTO_BYTES:
        raise PhotoRefusedError(PhotoProblem.TOO_MANY_BYTES)
    header = read_header(sent)
    if header.width_pixels * header.height_pixels > _most_pixels(header):
        raise PhotoRefusedError(PhotoProblem.TOO_MANY_PIXELS)
    if hides_another_file(sent):
        raise PhotoRefusedError(PhotoProblem.HIDES_ANOTHER_FILE)
    return parse_answer(_draw_in_child(sent, str(long_edge_pixels), *([WITH_FACE] if with_face else [])))


def _most_pixels(header: PhotoHeader) -> int:
    if header.is_streamed:
        return _MOST_PIXELS_STREAMED
    return _MOST_PIXELS.get(header.kind, _MOST_PIXELS_OTHERWISE)


def _draw_in_child(sent: bytes, *arguments: str) -> bytes:
    """Return what the child answered; nothing if it had to be ended."""
    if not _in_line.acquire(blocking=False):
        return b""
    try:
        return _draw_in_turn(sent, *arguments)
    finally:
        _in_line.release()


def _draw_in_turn(sent: bytes, *arguments: str) -> bytes:
    if not _one_at_a_time.acquire(timeout=_WAIT_SECONDS):
        return b""
    try:
        # An empty environment: the child needs nothing of it, and it may hold the database's password.
        return subprocess.run(  # noqa: S603  (the command is a constant, and words of ours)
            (*_COMMAND, *arguments),
            input=sent,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            timeout=2 * CPU_SECONDS,
            check=False,
        ).stdout
    except (subprocess.TimeoutExpired, OSError):
        return b""
    finally:
        _one_at_a_time.release()

"""What a JPEG says before it is decoded; what is unusual is left to another decoder, what is endless refused."""

import struct
from itertools import pairwise

import pytest
from pdq_world import encoded, picture

from demur.photos.jpeg_header import (
    MOST_SCANS,
    MOST_SEGMENTS,
    TooManySegmentsError,
    UnusualJpegError,
    means_only,
    read_jpeg_header,
)

PICTURE = picture(1, 320, 290)
START, END = b"\xff\xd8", b"\xff\xd9"


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(content)) + content


def frame(marker: int = 0xC0, bits: int = 8, height: int = 9, width: int = 7) -> bytes:
    return segment(marker, struct.pack(">BHHB", bits, height, width, 1) + b"\x01\x11\0")


def scan(first: int = 0) -> bytes:
    return segment(0xDA, bytes((1, 1, 0, first, 63, 0))) + b"\x12\xff\0\xff\xd3\x34"


def exif(*entries: tuple[int, int], order: str = "<") -> bytes:
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    fields = b"".join(struct.pack(f"{order}HHIH2x", tag, 3, 1, value) for tag, value in entries)
    return segment(0xE1, b"Exif\0\0" + mark + struct.pack(f"{order}IH", 8, len(entries)) + fields)


def test_a_plain_file_is_read_up_to_its_scan() -> None:
    raw = START + segment(0xE0, b"JFIF\0") + frame() + scan() + END
    header = read_jpeg_header(raw)
    assert (header.height, header.width, header.components, header.orientation) == (9, 7, 1, 1)
    assert header.detail_scans == ()
    assert raw[header.end :].startswith(b"\xff\xda")


def test_of_a_progressive_file_the_scans_with_detail_are_known() -> None:
    raw = START + frame(0xC2) + scan() + segment(0xC4, b"table") + scan(1) + scan() + scan(6) + END
    header = read_jpeg_header(raw)
    assert [raw[start:end] for start, end in header.detail_scans] == [scan(1), scan(6)]
    assert means_only(raw, header) == START + frame(0xC2) + scan() + segment(0xC4, b"table") + scan() + END


@pytest.mark.parametrize("end", [b"", b"\xff\xd9 and more \xff\xda"])
def test_the_last_scan_may_lack_its_end_and_what_follows_an_end_is_not_read(end: bytes) -> None:
    raw = START + frame(0xC2) + scan() + scan(1)
    assert means_only(raw + end, read_jpeg_header(raw + end)) == START + frame(0xC2) + scan() + END


def test_what_pillow_writes_as_progressive_has_later_scans() -> None:
    raw = encoded(PICTURE, "JPEG", progressive=True)
    header = read_jpeg_header(raw)
    assert (header.height, header.width, header.components) == (290, 320, 3)
    assert len(header.detail_scans) > 3
    assert all(end <= start for (_, end), (start, _) in pairwise(header.detail_scans))
    assert len(means_only(raw, header)) < len(raw) / 2


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("entries", "orientation"),
    [([(0x0112, 6)], 6), ([(0x010F, 3), (0x0112, 8)], 8), ([(0x0112, 0)], 1), ([(0x0112, 9)], 1), ([], 1)],
)
def test_the_orientation_is_that_of_exif(order: str, entries: list[tuple[int, int]], orientation: int) -> None:
    raw = START + exif(*entries, order=order) + frame() + scan()
    assert read_jpeg_header(raw).orientation == orientation


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"http://ns.adobe.com/xap/1.0/\0",
        b"Exif\0\0",
        b"Exif\0\0XX*\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0II*",
    ],
)
def test_broken_exif_turns_nothing_and_hides_no_other(content: bytes) -> None:
    assert read_jpeg_header(START + segment(0xE1, content) + frame() + scan()).orientation == 1
    assert read_jpeg_header(START + segment(0xE1, content) + exif((0x0112, 3)) + frame() + scan()).orientation == 3


UNUSUAL = {
    "nothing": b"",
    "another file": b"\x89PNG",
    "no frame": START + scan(),
    "no scan": START + frame() + END,
    "two frames": START + frame() + frame() + scan(),
    "lossless": START + frame(0xC3) + scan(),
    "arithmetic": START + frame(0xC9) + scan(),
    "12 bits": START + frame(bits=12) + scan(),
    "no height": START + frame(height=0) + scan(),
    "no width": START + frame(width=0) + scan(),
    "cut off in a length": START + b"\xff\xe0\0",
    "cut off in the frame": START + frame()[:8] + b"",
    "cut off in the scan's head": START + frame(0xC2) + b"\xff\xda\0\x0c",
}


@pytest.mark.parametrize("fault", UNUSUAL)
def test_what_is_unusual_is_left_to_another_decoder(fault: str) -> None:
    with pytest.raises(UnusualJpegError):
        read_jpeg_header(UNUSUAL[fault])


ENDLESS = {
    "scans": START + frame(0xC2) + scan() * (MOST_SCANS + 1) + END,
    "segments": START + segment(0xE0, b"") * (MOST_SEGMENTS + 1),
    "marks without length": START + b"\xff\x01" * (MOST_SEGMENTS + 1),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_is_endless_is_refused(kind: str) -> None:
    with pytest.raises(TooManySegmentsError):
        read_jpeg_header(ENDLESS[kind])


def test_as_many_scans_as_allowed_are_read() -> None:
    assert read_jpeg_header(START + frame(0xC2) + scan() * MOST_SCANS + END).end

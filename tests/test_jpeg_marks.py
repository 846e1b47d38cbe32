"""The markers of a JPEG, as three rooms walk them: every one once, and no step beyond the end."""

import pytest

from demur.jpeg_marks import CutShortError, Mark, find_marks

START = b"\xff\xd8"
QUANTIZATION = b"\xff\xdb\x00\x04ab"
SCAN = b"\xff\xda\x00\x03s"
END = b"\xff\xd9"


def test_segments_are_passed_as_a_whole_and_nothing_is_read_behind_the_end() -> None:
    inside = b"\xff\xe1\x00\x06\xff\xda\xff\xd9"
    raw = START + inside + QUANTIZATION + SCAN + b"data" + END + SCAN
    assert list(find_marks(raw, 2)) == [
        Mark(0xE1, 2, 10),
        Mark(0xDB, 10, 16),
        Mark(0xDA, 16, 21),
        Mark(0xD9, 25, 27),
    ]


def test_data_restarts_and_fill_bytes_are_no_markers() -> None:
    raw = SCAN + b"a\xff\x00b\xff\xd3c\xff\xff\xff" + END
    assert [mark.marker for mark in find_marks(raw, 0)] == [0xDA, 0xD9]


def test_markers_without_a_segment_count_so_that_a_limit_can_be_set() -> None:
    assert list(find_marks(b"\xff\x01" * 3, 0)) == [Mark(0x01, at, at + 2) for at in (0, 2, 4)]


def test_segment_that_reaches_over_the_end_is_the_last() -> None:
    assert list(find_marks(b"\xff\xe1\xff\xff" + END, 0)) == [Mark(0xE1, 0, 2 + 0xFFFF)]


@pytest.mark.parametrize("rest", [b"", b"\x00"])
def test_file_that_ends_in_a_length_is_told(rest: bytes) -> None:
    with pytest.raises(CutShortError):
        list(find_marks(b"\xff\xda" + rest, 0))

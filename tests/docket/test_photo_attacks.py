"""Files that cost whoever looks at them much more than they cost whoever sends them."""

import os
import struct
import subprocess
import sys
import time
import tracemalloc
from io import BytesIO

import pytest
from photo_world import jpeg

from demur.docket.errors import PhotoProblem, PhotoRefusedError
from demur.docket.photo_hiding import hides_another_file
from demur.docket.photographs import clean_photo


def archive_of(entries: int) -> bytes:
    """Return an archive that is nothing but the list of its entries, all without a name."""
    listed = (b"PK\x01\x02" + bytes(42)) * entries
    return listed + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, entries, entries, len(listed), 0, 0)


@pytest.mark.parametrize("end", [b"", b"\0", b"\xd0"])
def test_a_jpeg_of_fill_bytes_is_looked_through_once(end: bytes) -> None:
    began = time.process_time()
    with pytest.raises(PhotoRefusedError) as refused:
        clean_photo(BytesIO(b"\xff\xd8" + b"\xff" * 40_000 + end))
    assert refused.value.problem is PhotoProblem.BROKEN
    assert time.process_time() - began < 3, "every further byte costs as much as all before it"


def test_fill_bytes_before_a_marker_are_allowed_as_ever() -> None:
    raw = jpeg()
    assert clean_photo(BytesIO(raw[:2] + b"\xff" * 9 + raw[2:])).width_pixels == 320


def test_a_list_of_very_many_files_in_a_photo_is_not_read_into_memory() -> None:
    raw = jpeg() + archive_of(60_000)
    tracemalloc.start()
    assert hides_another_file(raw)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < 1_000_000


def test_an_archive_with_64_bit_places_is_found_too() -> None:
    assert hides_another_file(jpeg() + b"PK\x06\x07" + bytes(16) + b"PK\x05\x06" + b"\xff" * 16 + bytes(2))


def test_drawing_does_not_stay_on_the_core_of_the_process_that_asked_for_it() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        command = [sys.executable, "-I", "-m", "demur.docket.photo_drawing"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
    finally:
        os.sched_setaffinity(0, allowed)
    with child:
        give_up_at = time.monotonic() + 30
        while not (is_free := allowed <= os.sched_getaffinity(child.pid)) and time.monotonic() < give_up_at:
            pass
        assert is_free
        child.communicate(b"")

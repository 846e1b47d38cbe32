import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.ledger.tiles import ENTRIES, TILE_WIDTH, encode_tile, tile_path, tile_width


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 1, "tile/0/000.p/1"),
        (63, 999, 255, "tile/63/999.p/255"),
        (1, 1000, 256, "tile/1/x001/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (ENTRIES, 1234067, 8, "tile/entries/x001/x234/067.p/8"),
        (ENTRIES, 273, 112, "tile/entries/273.p/112"),
    ],
)
def test_paths_are_those_of_the_specification(level: int | str, index: int, width: int, path: str) -> None:
    assert tile_path(level, index, width) == path


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    def widths(level: int) -> list[int]:
        found = []
        while (width := tile_width(70_000, level, len(found))) > 0:
            found.append(width)
        return found

    assert widths(0) == [256] * 273 + [112]
    assert widths(1) == [256, 17]
    assert widths(2) == [1]
    assert widths(3) == []


def test_a_tree_of_256_has_a_full_tile_and_its_root_above() -> None:
    assert [tile_width(256, level, 0) for level in (0, 1, 2)] == [256, 1, 0]
    assert tile_width(256, 0, 1) == 0


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_no_two_tiles_share_a_path_and_none_is_a_folder_of_another(one: int, other: int) -> None:
    first, second = (tile_path(0, index) for index in (one, other))
    assert (first == second) == (one == other)
    assert not second.startswith(f"{first}/")


def test_an_entry_stands_after_its_length_in_two_bytes() -> None:
    assert encode_tile(ENTRIES, [b"", b"a", b"b" * 258]) == b"\x00\x00\x00\x01a\x01\x02" + b"b" * 258
    assert encode_tile(0, [b"\x01" * 32, b"\x02" * 32]) == b"\x01" * 32 + b"\x02" * 32
    assert TILE_WIDTH == 256

"""The index against comparing all with all: no false answer either way up to the distance that counts."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pdq_world import random_hashes

from demur.photos import hash_index, hash_index_kernel
from demur.photos.hash_index import LARGE_BANDS, SMALL_BANDS, HashIndex, Matches, cut_into
from demur.photos.hash_index_kernel import Bands
from demur.photos.pdq import HASH_BITS, LEAST_QUALITY, MOST_DISTANCE, PdqHashes

Pair = tuple[int, int, int]


def all_with_all(listed: PdqHashes, asked: PdqHashes, most_distance: int = MOST_DISTANCE) -> list[Pair]:
    bits = [np.unpackbits(hashes.values, axis=1).astype(np.int64) for hashes in (asked, listed)]
    distances = (bits[0][:, None] != bits[1][None]).sum(axis=2)
    usable = (asked.qualities >= LEAST_QUALITY)[:, None] & (listed.qualities >= LEAST_QUALITY)
    rows, places = np.nonzero((distances <= most_distance) & usable)
    return list(zip(rows.tolist(), places.tolist(), distances[rows, places].tolist(), strict=True))


def pairs(matches: Matches) -> list[Pair]:
    return list(zip(*(column.tolist() for column in matches), strict=True))


def changed(value: npt.NDArray[np.uint8], bits: list[int]) -> npt.NDArray[np.uint8]:
    mask = np.zeros(HASH_BITS, np.uint8)
    mask[bits] = 1
    return np.asarray(value ^ np.packbits(mask), np.uint8)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[PdqHashes, PdqHashes]:
    """Listed hashes with many equal ones, and others at every distance from them; some of too low quality."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    seeds = random_hashes(rng, draw(st.integers(1, 4))).values
    if draw(st.booleans()):
        seeds = np.concatenate((seeds, np.zeros((1, 32), np.uint8), np.full((1, 32), 255, np.uint8)))

    def drawn(count: int) -> PdqHashes:
        picked = seeds[rng.integers(0, len(seeds), count)]
        for row in range(count):
            if rng.integers(0, 2):
                picked[row] = changed(picked[row], rng.permutation(HASH_BITS)[: rng.integers(0, 40)].tolist())
        return PdqHashes(picked, rng.choice(np.array([0, 49, 50, 100, 100], np.uint8), count))

    return drawn(draw(st.integers(0, 60))), drawn(draw(st.integers(0, 20)))


UNEQUAL_BANDS = cut_into([18] * 10 + [19] * 4, [1] * 10 + [2] * 4)
"""Some of them begin in one word and end in the next."""


@settings(max_examples=150, deadline=None)
@given(world=worlds(), bands=st.sampled_from([SMALL_BANDS, UNEQUAL_BANDS]))
def test_the_index_finds_what_comparing_all_with_all_finds(world: tuple[PdqHashes, PdqHashes], bands: Bands) -> None:
    listed, asked = world
    index = HashIndex(listed, bands)
    assert pairs(index.find_near(asked)) == all_with_all(listed, asked)
    assert len(index) == np.count_nonzero(listed.qualities >= LEAST_QUALITY)


@pytest.fixture
def uncompiled(uncompile: Callable[..., None]) -> None:
    uncompile(hash_index_kernel)


def test_the_loops_answer_alike_without_the_compiler(monkeypatch: pytest.MonkeyPatch, uncompiled: None) -> None:
    monkeypatch.setattr(hash_index, "_EXPECTED_PAIRS_A_ROW", 1)
    monkeypatch.setattr(hash_index, "_LEAST_PAIRS", 1)
    listed, asked = crowded(9), crowded(3)
    listed.values[5] = listed.values[0]
    listed.values[6, :16] = ~listed.values[0, :16]  # far from it, with the same bands in its other half
    for bands in (SMALL_BANDS, UNEQUAL_BANDS):
        assert pairs(HashIndex(listed, bands).find_near(asked)) == all_with_all(listed, asked)


def crowded(count: int) -> PdqHashes:
    """Hashes that are near each other and share many bands, the last of too low quality."""
    rng = np.random.default_rng(count)
    base = random_hashes(np.random.default_rng(9), 1).values[0]
    values = np.stack([changed(base, rng.permutation(HASH_BITS)[: 9 * row].tolist()) for row in range(count)])
    return PdqHashes(values, np.array([100] * (count - 1) + [49], np.uint8))


def test_two_bits_in_each_band_are_one_too_many_and_one_bit_less_is_found() -> None:
    listed = random_hashes(np.random.default_rng(2), 1)
    two_in_each = [16 * band + bit for band in range(16) for bit in (3, 11)]
    for left_out in two_in_each:
        near = changed(listed.values[0], [bit for bit in two_in_each if bit != left_out])
        asked = PdqHashes(near[None], np.array([100], np.uint8))
        assert pairs(HashIndex(listed).find_near(asked)) == [(0, 0, 31)]
    far = PdqHashes(changed(listed.values[0], two_in_each)[None], np.array([100], np.uint8))
    assert pairs(HashIndex(listed).find_near(far)) == []


def test_large_bands_miss_nothing_up_to_the_distance_that_counts_and_one_more_bit_may_be_missed() -> None:
    listed = random_hashes(np.random.default_rng(2), 1)
    index = HashIndex(listed, LARGE_BANDS)
    one_too_many = [
        (int(offset) + bit) ^ 7  # bands count the bits of a byte from the other end
        for offset, radius in zip(LARGE_BANDS.offsets, LARGE_BANDS.radii, strict=True)
        for bit in (1, 11, 20)[: radius + 1]
    ]
    assert len(one_too_many) == 32
    for left_out in one_too_many:
        near = changed(listed.values[0], [bit for bit in one_too_many if bit != left_out])
        assert pairs(index.find_near(PdqHashes(near[None], np.array([100], np.uint8)))) == [(0, 0, 31)]
    far = PdqHashes(changed(listed.values[0], one_too_many)[None], np.array([100], np.uint8))
    assert pairs(index.find_near(far, 32)) == []


def test_many_hashes_are_cut_into_large_bands_and_found_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    listed, asked = crowded(40), crowded(9)
    monkeypatch.setattr(hash_index, "_MANY", 30)
    assert pairs(HashIndex(listed).find_near(asked)) == all_with_all(listed, asked)


def test_more_pairs_than_there_was_room_for_are_all_found() -> None:
    same = random_hashes(np.random.default_rng(3), 1).values.repeat(300, axis=0)
    hashes = PdqHashes(same, np.full(300, 100, np.uint8))
    found = HashIndex(hashes).find_near(hashes)
    assert pairs(found) == [(row, place, 0) for row in range(300) for place in range(300)]


def test_hashes_without_meaning_match_nothing() -> None:
    blank = PdqHashes(np.zeros((10, 32), np.uint8), np.zeros(10, np.uint8))
    sharp = PdqHashes(blank.values, np.full(10, 100, np.uint8))
    assert pairs(HashIndex(blank).find_near(sharp)) == []
    assert pairs(HashIndex(sharp).find_near(blank)) == []
    assert len(pairs(HashIndex(sharp).find_near(sharp))) == 100


def test_an_empty_list_matches_nothing_and_nothing_matches_a_list() -> None:
    nothing = PdqHashes.of([])
    some = random_hashes(np.random.default_rng(4), 3)
    assert len(HashIndex(nothing)) == 0
    assert pairs(HashIndex(nothing).find_near(some)) == []
    assert pairs(HashIndex(some).find_near(nothing)) == []


def test_hashes_may_lie_anywhere_in_memory() -> None:
    some = random_hashes(np.random.default_rng(5), 8)
    shifted = np.frombuffer(b"x" + some.values.tobytes(), np.uint8)[1:].reshape(-1, 32)
    mirrored = np.asfortranarray(some.values)
    own = [(row, row, 0) for row in range(8)]
    for values in (shifted, mirrored):
        assert pairs(HashIndex(PdqHashes(values, some.qualities)).find_near(some)) == own
        assert pairs(HashIndex(some).find_near(PdqHashes(values, some.qualities))) == own


def test_the_list_may_change_without_the_index() -> None:
    some = random_hashes(np.random.default_rng(6), 4)
    index = HashIndex(PdqHashes(values := some.values.copy(), some.qualities))
    values[:] = 0
    assert len(pairs(index.find_near(some))) == 4


def test_beyond_the_distance_that_counts_few_pairs_are_missed() -> None:
    rng = np.random.default_rng(7)
    listed = random_hashes(rng, 1000)
    moved = [changed(value, rng.permutation(HASH_BITS)[:39].tolist()) for value in listed.values]
    asked = PdqHashes(np.stack(moved), listed.qualities)
    assert len(HashIndex(listed).find_near(asked, 38).rows) == 0
    assert len(HashIndex(listed).find_near(asked, 39).rows) > 980

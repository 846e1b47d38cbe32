"""Photos near the threshold are decoded in full, and only those; what that says is what counts."""

import numpy as np
import pytest
from pdq_world import encoded, picture, random_hashes

from demur.photos.errors import UnreadablePhotoError
from demur.photos.hash_index import HashIndex
from demur.photos.matching import MOST_DRIFT, find_copies
from demur.photos.pdq import MOST_DISTANCE, PdqHash, PdqHashes, hash_photo, hash_photo_in_full

LISTED = random_hashes(np.random.default_rng(1), 5)


def at_distance(bits: int, place: int = 2, quality: int = 100) -> PdqHash:
    mask = np.zeros(256, np.uint8)
    mask[np.random.default_rng(2).permutation(256)[:bits]] = 1
    return PdqHash((LISTED.values[place] ^ np.packbits(mask)).tobytes(), quality)


def decide(scaled: list[PdqHash], whole: dict[int, PdqHash]) -> list[tuple[int, int, int]]:
    """Return rows, places and distances. A photo that is decoded in full, but not among `whole`, fails the test."""
    matches = find_copies(HashIndex(LISTED), PdqHashes.of(scaled), whole.pop)
    assert not whole, "not asked for"
    return list(zip(*(column.tolist() for column in matches), strict=True))


def test_what_is_far_from_the_threshold_is_decided_at_once() -> None:
    clear = [at_distance(0), at_distance(MOST_DISTANCE - MOST_DRIFT), at_distance(MOST_DISTANCE + MOST_DRIFT + 1)]
    assert decide(clear, {}) == [(0, 2, 0), (1, 2, 23)]


@pytest.mark.parametrize("scaled", [24, 31, 32, 39])
@pytest.mark.parametrize(("whole", "is_copy"), [(20, True), (31, True), (32, False)])
def test_what_is_near_the_threshold_is_decided_by_the_whole_photo(scaled: int, whole: int, is_copy: bool) -> None:  # noqa: FBT001
    decided = decide([at_distance(90), at_distance(scaled), at_distance(3)], {1: at_distance(whole)})
    assert decided == [(1, 2, whole)] * is_copy + [(2, 2, 3)]


def test_a_whole_photo_without_meaning_matches_nothing() -> None:
    assert decide([at_distance(30)], {0: at_distance(0, quality=49)}) == []


def test_a_photo_that_cannot_be_decoded_in_full_is_decided_by_the_hash_that_is_there() -> None:
    def fails(_row: int) -> PdqHash:
        raise UnreadablePhotoError("its end is missing")

    near = PdqHashes.of([at_distance(30), at_distance(33)])
    matches = find_copies(HashIndex(LISTED), near, fails)
    assert (matches.rows.tolist(), matches.distances.tolist()) == ([0], [30])


def test_copies_of_photos_are_found_and_others_not() -> None:
    files = [encoded(picture(seed, 900, 700), "JPEG", quality=50) for seed in range(6)]
    index = HashIndex(PdqHashes.of(hash_photo_in_full(encoded(picture(seed, 900, 700))) for seed in range(3)))
    hashes = PdqHashes.of(map(hash_photo, files))
    matches = find_copies(index, hashes, lambda row: hash_photo_in_full(files[row]))
    assert matches.rows.tolist() == matches.places.tolist() == [0, 1, 2]

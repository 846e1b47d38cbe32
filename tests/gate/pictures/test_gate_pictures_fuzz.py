"""Five thousand damaged pictures of every kind: none stops the run, and none gets a copy or a no through.

A failure names the kind and the seed, which `picture_mutants.mutant` makes into the same bytes again.
"""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from pdq_world import distance, encoded, picture
from picture_mutants import NAMES, RESERVATION, base_of, mutant
from PIL import Image, ImageOps

from demur.gate.pictures.looking import look_at_pictures
from demur.gate.pictures.picture_finding import PictureFinding
from demur.photos.gray import GrayPhoto
from demur.photos.pdq import MOST_DISTANCE, PdqHash, hash_gray, hash_photo
from demur.reservations.outcome import Outcome

MUTANTS = 5_000
AT_ONCE = 100
MOST_GROWTH_KB = 200_000
MOST_PIXELS_JUDGED = 4_000_000
SURELY_THE_SAME_BITS = 20

GOOD = encoded(Image.fromarray(picture(9, 300, 280)), "JPEG")
GOOD_FINDING = PictureFinding(hash_photo(GOOD), Outcome.KEEP)


def as_pillow_shows_it(raw: bytes) -> PdqHash | None:
    """Return the hash of what Pillow, left to itself, shows of a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(raw)) as image:
                if image.width * image.height > MOST_PIXELS_JUDGED:
                    return None
                upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):
                gray = Image.fromarray((np.asarray(upright) >> 8).astype(np.uint8))
            else:
                glass = upright.convert("RGBA")
                white = Image.new("RGBA", glass.size, "white")
                gray = Image.alpha_composite(white, glass).convert("L")
        except Exception:  # noqa: BLE001  what a decoder raises over a damaged file is not known
            return None
    return hash_gray(GrayPhoto(np.asarray(gray), gray.height, gray.width, 1, 1))


def faults(name: str, raw: bytes, finding: PictureFinding) -> list[str]:
    """Return what is wrong with a finding about a damaged file."""
    found = []
    base = base_of(name)
    if RESERVATION in base.raw and RESERVATION in raw and finding.outcome is Outcome.KEEP:
        found.append("its reservation was passed over")
    if base.image is None or finding.hash is None:
        return found
    original = hash_photo(base.raw)
    shown = as_pillow_shows_it(raw)
    if shown is None or distance(shown.value, original.value) > SURELY_THE_SAME_BITS:
        return found
    if distance(finding.hash.value, original.value) > MOST_DISTANCE or not finding.hash.is_matchable:
        apart = distance(finding.hash.value, original.value)
        found.append(f"it shows the picture, and its hash is {apart} bits apart, of quality {finding.hash.quality}")
    return found


def resident_kb() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def fuzz(first: int, count: int) -> dict[str, int]:
    """Look at damaged files, and return what became of how many."""
    failures: list[str] = []
    outcomes = {"unreadable": 0, "kept": 0, "dropped": 0, "held": 0}
    grown_from = 0
    for start in range(first, first + count, AT_ONCE):
        of = [(NAMES[seed % len(NAMES)], seed) for seed in range(start, min(start + AT_ONCE, first + count))]
        raws = [mutant(name, seed) for name, seed in of]
        found = look_at_pictures([*raws, GOOD])
        assert len(found) == len(raws) + 1
        assert found.pop() == GOOD_FINDING, f"the children are not what they were after {of[-1]}"
        for (name, seed), raw, finding in zip(of, raws, found, strict=True):
            failures += [f"{name} {seed}: {fault}" for fault in faults(name, raw, finding)]
            outcomes["unreadable"] += finding.hash is None
            outcomes[{"keep": "kept", "drop": "dropped", "hold": "held"}[finding.outcome]] += 1
        grown_from = grown_from or resident_kb()
    assert not failures, "\n".join(failures)
    assert resident_kb() - grown_from < MOST_GROWTH_KB
    return outcomes


def test_every_undamaged_file_is_found_to_be_what_it_is() -> None:
    for name, finding in zip(NAMES, look_at_pictures([base_of(name).raw for name in NAMES]), strict=True):
        base = base_of(name)
        if RESERVATION in base.raw:
            assert finding.outcome is not Outcome.KEEP, name
        if base.image is not None:
            shown = as_pillow_shows_it(base.raw)
            assert finding.hash is not None, name
            assert shown is not None, name
            assert distance(finding.hash.value, shown.value) <= SURELY_THE_SAME_BITS, name
            assert finding.hash.is_matchable, name


@pytest.mark.slow
def test_two_hundred_damaged_pictures_neither_stop_the_run_nor_get_anything_through() -> None:
    outcomes = fuzz(1_000_000, 200)
    assert all(outcomes.values()), outcomes


@pytest.mark.long
def test_five_thousand_damaged_pictures_neither_stop_the_run_nor_get_anything_through() -> None:
    outcomes = fuzz(0, MUTANTS)
    assert all(outcomes.values()), outcomes

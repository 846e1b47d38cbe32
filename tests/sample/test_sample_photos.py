"""The photos: real image files, apart from each other but for copies, whose licences stand beside them."""

import hashlib
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from demur.photos.pdq import MOST_DISTANCE, PdqHashes, hash_photo
from demur.photos.reference import reference_hashes
from demur.reservations.photo import has_reservation, read_parts
from demur.sample.album import CopyKind
from demur.sample.errors import PhotographsMissingError
from demur.sample.figures import Looks
from demur.sample.photographs import PORTRAITS, SCENES
from demur.sample.pictures import Materials, compose_portrait
from demur.sample.platform import SampleRequest, generate

REQUEST = {"people": 30, "rows": 20, "seed": 1, "photos": 8}
FAR = 60
"""Bits in which photos differ that are no copies of each other; up to 31 they would be taken for copies."""


def quiet(_done: int, _total: int) -> None:
    """Show no progress."""


def photos_of(sample: Path) -> list[dict[str, Any]]:
    photos: list[dict[str, Any]] = pq.read_table(sample / "truth/photos.parquet").to_pylist()
    return photos


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of a few hundred photos."""
    out = tmp_path_factory.mktemp("album") / "sample"
    generate(SampleRequest(out, people=300, rows=1_000, seed=5, photos=240), quiet)
    return out


def raw_of(sample: Path, photo: dict[str, Any]) -> bytes:
    return (sample / "photos" / photo["image_path"]).read_bytes()


def hashes_of(raws: list[bytes]) -> PdqHashes:
    return PdqHashes.of(hash_photo(raw) for raw in raws)


def distances(references: PdqHashes, asked: PdqHashes) -> np.ndarray[Any, np.dtype[np.int_]]:
    """Return, for each hash that is asked for, how many bits it is from the nearest reference."""
    return np.array(
        [np.bitwise_count(references.values ^ one).sum(axis=1, dtype=int).min() for one in asked.values], dtype=int
    )


def test_every_photo_is_of_the_format_that_its_name_says_in_one_of_several_sizes(album: Path) -> None:
    sizes, suffixes = set(), set()
    for photo in photos_of(album):
        if photo["is_damaged"]:
            continue
        with Image.open(album / "photos" / photo["image_path"]) as image:
            image.load()
            suffix = Path(photo["image_path"]).suffix
            assert image.format == {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}[suffix]
            assert (suffix == ".jpg") == (photo["copy_kind"] != "other_format")
            suffixes.add(suffix)
            sizes.add(max(image.size))
    assert suffixes == {".jpg", ".png", ".webp"}
    assert min(sizes) >= 260
    assert max(sizes) <= 1080
    assert len(sizes) > 4


def test_no_two_photos_are_the_same_file_but_a_photo_and_its_copies_byte_for_byte(sample: Path) -> None:
    files = sorted(file for file in (sample / "photos").iterdir() if file.suffix != ".md")
    assert [file.name for file in files] == sorted(photo["image_path"] for photo in photos_of(sample))
    assert len(files) == 48
    raws = {photo["image_path"]: raw_of(sample, photo) for photo in photos_of(sample)}
    same = [photo for photo in photos_of(sample) if photo["copy_kind"] == "same"]
    assert same
    for photo in same:
        assert raws[photo["image_path"]] == raws.pop(photo["copy_of"], raws[photo["image_path"]])
    others = [photo["image_path"] for photo in photos_of(sample) if photo not in same and photo["image_path"] in raws]
    assert len({hashlib.sha256(raws[path]).digest() for path in others}) == len(others)


def test_copies_show_whom_their_original_shows_and_belong_to_its_owner(sample: Path) -> None:
    by_path = {photo["image_path"]: photo for photo in photos_of(sample)}
    copies = [photo for photo in photos_of(sample) if photo["copy_of"]]
    assert copies
    for copy in copies:
        original = by_path[copy["copy_of"]]
        assert (copy["shown_ids"], copy["owner_id"]) == (original["shown_ids"], original["owner_id"])
        assert original["copy_of"] is None
        assert original["copy_kind"] is None


@pytest.mark.slow
def test_copies_are_recognised_but_those_with_words_across_or_on_a_screen(album: Path) -> None:
    by_path = {photo["image_path"]: photo for photo in photos_of(album)}
    near: dict[str, list[int]] = defaultdict(list)
    for photo in photos_of(album):
        if photo["copy_of"]:
            references = reference_hashes(raw_of(album, by_path[photo["copy_of"]]))
            near[photo["copy_kind"]].append(int(distances(references, hashes_of([raw_of(album, photo)]))[0]))
    assert set(near) == set(CopyKind)
    for kind in (CopyKind.SCREENSHOT, CopyKind.CAPTIONED):
        assert min(near.pop(kind)) > MOST_DISTANCE
    found = [distance <= MOST_DISTANCE for of_kind in near.values() for distance in of_kind]
    assert sum(found) >= 0.97 * len(found)


@pytest.mark.slow
def test_no_photo_is_like_a_photo_of_which_it_is_no_copy(album: Path) -> None:
    photos = [photo for photo in photos_of(album) if not photo["is_plain"] and not photo["is_damaged"]]
    families = np.array([photo["copy_of"] or photo["image_path"] for photo in photos])
    asked = hashes_of([raw_of(album, photo) for photo in photos])
    for photo in photos:
        if photo["copy_of"] is None:
            others = families != photo["image_path"]
            others_asked = PdqHashes(asked.values[others], asked.qualities[others])
            assert distances(reference_hashes(raw_of(album, photo)), others_asked).min() >= FAR


def test_only_plain_photos_have_too_little_in_them_to_be_recognised(album: Path) -> None:
    whole = [photo for photo in photos_of(album) if not photo["is_damaged"]]
    is_matchable = [hash_photo(raw_of(album, photo)).is_matchable for photo in whole]
    assert is_matchable == [not photo["is_plain"] for photo in whole]
    assert 1 <= is_matchable.count(False) < 10
    assert not [photo for photo in whole if photo["is_plain"] and photo["shown_ids"]]


def test_files_that_say_no_are_those_of_the_truth_and_copies_say_it_byte_for_byte_only(album: Path) -> None:
    whole = [photo for photo in photos_of(album) if not photo["is_damaged"]]
    by_path = {photo["image_path"]: photo for photo in whole}
    for photo in whole:
        assert has_reservation(read_parts(raw_of(album, photo))) == photo["is_reserved"]
    of_reserved = [photo for photo in whole if photo["copy_of"] and by_path[photo["copy_of"]]["is_reserved"]]
    assert {photo["is_reserved"] for photo in of_reserved} == {True, False}
    assert all(photo["is_reserved"] == (photo["copy_kind"] == "same") for photo in of_reserved)
    assert 1 <= sum(photo["is_reserved"] and not photo["copy_of"] for photo in whole) < 15


def test_damaged_files_lack_their_end_and_nobody_copied_them(sample: Path) -> None:
    damaged = [photo for photo in photos_of(sample) if photo["is_damaged"]]
    assert 1 <= len(damaged) < 5
    for photo in damaged:
        with (
            Image.open(sample / "photos" / photo["image_path"]) as image,
            pytest.raises(OSError, match="truncated"),
        ):
            image.load()
    assert not {photo["image_path"] for photo in damaged} & {photo["copy_of"] for photo in photos_of(sample)}


@pytest.mark.parametrize("photos", [8, 9, 48])
def test_smallest_albums_hold_the_examples_too(tmp_path: Path, photos: int) -> None:
    generate(SampleRequest(tmp_path / "sample", people=30, rows=20, seed=1, photos=photos), quiet)
    kinds = [photo["copy_kind"] for photo in photos_of(tmp_path / "sample") if photo["copy_kind"]]
    assert kinds[0] == "cropped"
    assert "same" in kinds
    for flag in ("is_plain", "is_reserved", "is_damaged"):
        assert [photo for photo in photos_of(tmp_path / "sample") if photo[flag]]


@pytest.mark.parametrize("draw", range(6))
def test_a_group_photo_shows_a_head_for_everybody(draw: int) -> None:
    colours = {0: (220, 20, 20), 1: (20, 200, 20), 2: (30, 30, 220)}
    figures = tuple(Image.new("RGBA", (300, 450), (*colour, 255)) for colour in colours.values())
    materials = Materials(Looks(figures), [Image.new("RGB", (400, 300), "gray")])
    picture = np.asarray(compose_portrait(np.random.default_rng(draw), materials, [0, 1, 2])).astype(int)
    for strongest in colours:
        others = np.delete(picture, strongest, axis=2).max(axis=2)
        of_colour = picture[:, :, strongest] - others > 90
        assert of_colour.mean() > 0.02


def test_copies_are_posted_by_somebody_else(sample: Path) -> None:
    people = pq.read_table(sample / "truth/people.parquet").to_pylist()
    owner = {account: person["person_id"] for person in people for account in person["accounts"]}
    taken_from = {photo["image_path"]: photo["owner_id"] for photo in photos_of(sample) if photo["copy_of"]}
    posted = [
        (owner[row["author_account"]], taken_from[row["image_path"]])
        for row in pq.read_table(sample / "lake", columns=["author_account", "image_path"]).to_pylist()
        if row["image_path"] in taken_from
    ]
    assert len(posted) > 50
    assert all(author != photographer for author, photographer in posted)


def test_scenes_show_nobody_and_portraits_show_somebody(sample: Path) -> None:
    for photo in photos_of(sample):
        assert bool(photo["shown_ids"]) == (photo["owner_id"] is not None)
        assert len(set(photo["shown_ids"])) == len(photo["shown_ids"]) <= 3


def test_licence_and_source_of_every_photograph_stand_beside_the_photos(sample: Path) -> None:
    licences = (sample / "photos/LICENCES.md").read_text()
    for photograph in (*PORTRAITS, *SCENES):
        assert f"| {photograph.file} | {photograph.source} | {photograph.licence} |" in licences
        assert photograph.licence in {"CC0", "public domain"}


def test_package_of_the_photographs_is_read_and_never_imported(sample: Path) -> None:
    assert list((sample / "photos").glob("*.jpg"))
    assert "skimage" not in sys.modules


def test_missing_package_is_named_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(PhotographsMissingError, match="not installed") as caught:
        generate(SampleRequest(tmp_path / "sample", **REQUEST), quiet)
    assert "requirements/photos.txt" in caught.value.hint
    assert not (tmp_path / "sample").exists()


def test_package_without_a_photograph_is_named_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "packages" / "skimage"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "packages")
    with pytest.raises(PhotographsMissingError, match=r"no readable astronaut\.png"):
        generate(SampleRequest(tmp_path / "sample", **REQUEST), quiet)

"""The photos: real image files, all different, whose licences stand beside them."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from demur.sample.errors import PhotographsMissingError
from demur.sample.photographs import PORTRAITS, SCENES
from demur.sample.platform import SampleRequest, generate

REQUEST = {"people": 30, "rows": 20, "seed": 1, "photos": 8}


def quiet(_done: int, _total: int) -> None:
    """Show no progress."""


def photos_of(sample: Path) -> list[dict[str, Any]]:
    photos: list[dict[str, Any]] = pq.read_table(sample / "truth/photos.parquet").to_pylist()
    return photos


def pixels(path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((16, 16)), dtype=np.float64)


def test_every_photo_is_a_jpeg_that_decodes_in_one_of_several_sizes(sample: Path) -> None:
    sizes = set()
    for photo in photos_of(sample):
        with Image.open(sample / "photos" / photo["image_path"]) as image:
            image.load()
            assert image.format == "JPEG"
            sizes.add(max(image.size))
    assert min(sizes) >= 320
    assert max(sizes) <= 1080
    assert len(sizes) > 4


def test_no_two_photos_are_the_same_file(sample: Path) -> None:
    files = sorted((sample / "photos").glob("*.jpg"))
    assert [file.name for file in files] == sorted(photo["image_path"] for photo in photos_of(sample))
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in files}) == len(files) == 30


def test_copies_look_like_their_original_though_their_bytes_differ(sample: Path) -> None:
    copies = [photo for photo in photos_of(sample) if photo["copy_of"]]
    by_path = {photo["image_path"]: photo for photo in photos_of(sample)}
    assert copies
    for copy in copies:
        original = by_path[copy["copy_of"]]
        assert (copy["shown_ids"], copy["owner_id"]) == (original["shown_ids"], original["owner_id"])
        one, other = (pixels(sample / "photos" / photo["image_path"]) for photo in (copy, original))
        assert np.abs(one - other).mean() < 4


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

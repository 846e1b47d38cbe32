"""Faces are found upright, at every size and in every kind of file; strangers' bytes raise only what is announced."""

import contextlib
import io

import numpy as np
import pytest
from face_world import astronaut, beside, encoded, landscape
from PIL import Image

from demur.faces import alignment, colour, detector, embedding
from demur.faces.colour import MOST_SIDE
from demur.faces.finding import LEAST_SIDE, Face, find_faces
from demur.photos.errors import PhotoError, PhotoTooLargeError, PhotoTooSlowError, UnreadablePhotoError
from demur.photos.gray import DecodingLimits

AS_SHOWN = {  # orientation of EXIF: how to store a picture so that it is shown as it was
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def apart(one: Face, other: Face) -> float:
    return float(np.linalg.norm(one.embedding - other.embedding))


def test_a_face_has_a_box_a_certainty_and_128_numbers(face: Face) -> None:
    assert face.box == pytest.approx((180, 68, 91, 110), abs=6)
    assert 0.9 < face.certainty <= 1
    assert face.embedding.shape == (128,)
    assert face.embedding.dtype == np.float32
    assert 1.2 < np.linalg.norm(face.embedding) < 1.8


@pytest.mark.parametrize("orientation", AS_SHOWN)
def test_a_photo_that_is_stored_turned_gives_the_face_that_is_shown(orientation: int, face: Face) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = beside(astronaut(), landscape(200, 512))
    (found,) = find_faces(encoded(shown.transpose(AS_SHOWN[orientation]), exif=exif))
    (upright,) = find_faces(encoded(shown))
    assert found.box == upright.box
    assert (found.embedding == upright.embedding).all()
    assert apart(found, face) < 0.2


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGB", "JPEG"), ("RGB", "WEBP"), ("CMYK", "JPEG"), ("P", "PNG"), ("RGBA", "PNG"), ("RGB", "TIFF")],
)
def test_every_kind_of_file_gives_nearly_the_same_face(mode: str, kind: str, face: Face) -> None:
    (found,) = find_faces(encoded(astronaut().convert(mode), kind))
    assert apart(found, face) < 0.25


def test_gray_photos_of_8_and_16_bits_give_the_same_face(face: Face) -> None:
    gray = astronaut().convert("L")
    deep = Image.fromarray(np.asarray(gray).astype(np.uint16) << 8)
    (of_gray,), (of_deep,) = find_faces(encoded(gray)), find_faces(encoded(deep))
    assert (of_gray.embedding == of_deep.embedding).all()
    assert apart(of_gray, face) < 0.4


@pytest.mark.parametrize("share", [0.5, 0.75, 2, 5])
def test_a_smaller_or_larger_copy_gives_nearly_the_same_face(share: float, face: Face) -> None:
    side = round(512 * share)
    (found,) = find_faces(encoded(astronaut().resize((side, side), Image.Resampling.BICUBIC)))
    assert apart(found, face) < 0.3
    assert np.array(found.box) == pytest.approx(np.array(face.box) * share, abs=8 * share)


@pytest.mark.parametrize("edges", [(160, 40, 290, 200), (175, 60, 275, 185), (181, 70, 270, 176)])
@pytest.mark.parametrize("height", [500, 1024, 2048])
def test_a_face_that_fills_the_photo_is_found_once(edges: tuple[int, int, int, int], height: int, face: Face) -> None:
    close = astronaut().crop(edges)
    width = round(close.width * height / close.height)
    (found,) = find_faces(encoded(close.resize((width, height), Image.Resampling.BICUBIC)))
    assert found.certainty > 0.9
    assert apart(found, face) < 0.4


def test_a_mirrored_face_is_still_near(face: Face) -> None:
    (found,) = find_faces(encoded(astronaut().transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert apart(found, face) < 0.5


def test_a_head_that_is_held_askew_is_brought_upright(face: Face) -> None:
    (found,) = find_faces(encoded(astronaut().rotate(20, Image.Resampling.BICUBIC)))
    assert apart(found, face) < 0.3


def test_all_faces_of_a_photo_are_found() -> None:
    found = find_faces(encoded(beside(*[astronaut()] * 3)))
    assert sorted(round(each.box.left / 512 - 0.35) for each in found) == [0, 1, 2]


def test_a_face_at_the_edge_of_a_photo_is_found(face: Face) -> None:
    (found,) = find_faces(encoded(astronaut().crop((185, 80, 512, 512))))
    assert apart(found, face) < 0.5


def test_many_faces_are_embedded_batch_by_batch() -> None:
    small = astronaut().crop((130, 30, 330, 230))
    rows = beside(*[small] * 6)
    wall = Image.new("RGB", (1200, 600))
    for top in (0, 200, 400):
        wall.paste(rows, (0, top))
    found = find_faces(encoded(wall))
    assert len(found) == 18
    assert max(apart(found[0], each) for each in found) < 0.25


def test_a_face_that_is_too_small_is_passed_over() -> None:
    tiny = astronaut().crop((130, 30, 330, 230)).resize((40, 40))
    assert find_faces(encoded(beside(tiny, landscape()))) == []
    assert LEAST_SIDE == 32


@pytest.mark.parametrize("image", [landscape(), landscape(1, 1), landscape(3000, 2), Image.new("RGB", (600, 400))])
def test_a_photo_without_a_face_has_none(image: Image.Image) -> None:
    assert find_faces(encoded(image)) == []


def test_the_same_photo_gives_the_same_numbers(face: Face) -> None:
    for _ in range(3):
        (again,) = find_faces(encoded(astronaut()))
        assert again.box == face.box
        assert again.embedding.tobytes() == face.embedding.tobytes()


@pytest.mark.parametrize(
    ("kind", "size", "decoded"),
    [
        ("PNG", (3000, 2000), (MOST_SIDE, 1365)),
        ("JPEG", (3000, 2000), (1500, 1000)),
        ("JPEG", (4032, 3024), (2016, 1512)),
        ("JPEG", (2048, 1536), (2048, 1536)),
    ],
)
def test_a_large_photo_is_made_smaller_by_its_decoder_where_that_can_be(
    kind: str, size: tuple[int, int], decoded: tuple[int, int]
) -> None:
    photo = colour.decode_colours(encoded(landscape(*size), kind))
    assert photo.image.size == decoded
    assert (photo.width, photo.height) == size


def test_what_is_cut_out_smaller_is_the_mean_of_what_is_there() -> None:
    stripes = np.zeros((900, 900, 3), np.uint8)
    stripes[:, ::2] = 200
    square = np.asarray(alignment.cut_square(Image.fromarray(stripes), np.eye(2) * 4, np.zeros(2), 150))
    assert np.abs(square.astype(int) - 100).max() <= 1


def test_there_is_a_most_of_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector, "MOST_FACES", 2)
    assert len(find_faces(encoded(beside(*[astronaut()] * 3)))) == 2


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        (DecodingLimits(most_bytes=1_000), PhotoTooLargeError),
        (DecodingLimits(most_pixels=262_143), PhotoTooLargeError),
        (DecodingLimits(most_seconds=0), PhotoTooSlowError),
    ],
)
def test_limits_hold(limits: DecodingLimits, error: type[PhotoError]) -> None:
    with pytest.raises(error):
        find_faces(encoded(astronaut()), limits)


def test_time_that_runs_out_while_faces_are_looked_for_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = colour.decode_colours(encoded(astronaut()))
    monkeypatch.setattr(colour.time, "monotonic", lambda: photo.began + 31)
    with pytest.raises(PhotoTooSlowError):
        detector.detect_faces(photo)


def test_time_that_runs_out_while_faces_are_embedded_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = colour.decode_colours(encoded(astronaut()))
    found = detector.detect_faces(photo)
    monkeypatch.setattr(colour.time, "monotonic", lambda: photo.began + 31)
    with pytest.raises(PhotoTooSlowError):
        embedding.embed_faces(photo, found.points)


def test_whatever_the_bytes_nothing_but_a_photo_error_is_raised() -> None:
    rng = np.random.default_rng(3)
    raw = encoded(astronaut().resize((120, 120)), "JPEG")
    files = [b"", b"GIF89a", b"<svg/>", raw[:200], encoded(astronaut(), "PNG")[:5000]]
    for _ in range(40):
        broken = bytearray(raw)
        for at in rng.integers(2, len(raw), 8):
            broken[at] = rng.integers(256)
        files.append(bytes(broken))
    for file in files:
        with contextlib.suppress(PhotoError):
            find_faces(file)


@pytest.mark.parametrize("raw", [b"", b"no photo", encoded(astronaut())[:100]])
def test_what_is_no_photo_is_refused_in_a_sentence(raw: bytes) -> None:
    with pytest.raises(UnreadablePhotoError, match="of a kind that is not read, or is broken"):
        find_faces(raw)


def test_the_numbers_of_a_face_do_not_get_into_a_log(face: Face) -> None:
    assert repr(face) == f"Face(certainty={face.certainty:.2f})"
    assert str(face) == repr(face)
    out = io.StringIO()
    print([face], file=out)
    assert f"{face.embedding[0]:.3f}" not in out.getvalue()


def test_points_of_a_face_that_is_not_found_again_stay_as_they_are() -> None:
    points = np.array([[150, 100], [200, 100], [175, 130], [155, 160], [195, 160]], np.float32)
    assert (alignment.refine_points(landscape(), points) == points).all()


def test_points_that_are_off_are_brought_nearer_to_where_they_are() -> None:
    photo = colour.decode_colours(encoded(astronaut()))
    (points,) = detector.detect_faces(photo).points
    once = alignment.refine_points(photo.image, points)
    off = np.array([[10, -8]], np.float32)
    again = alignment.refine_points(photo.image, points + off)
    assert np.linalg.norm(again - once, axis=1).mean() < np.linalg.norm(off) / 3

"""Photos that say no in signed content credentials: read by our reader and by the library's, and never with a loss."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import c2pa
import pytest
from PIL import Image

from demur.agent.errors import SigningError
from demur.agent.photo_key import PhotoKey, open_photo_key
from demur.agent.picture import picture_sha256
from demur.agent.protect import Done, Signature, Task, protect_photo
from demur.agent.signed_no import reserve_and_sign
from demur.reservations.in_file import read_in_file
from demur.reservations.jpeg_segments import with_pictures_of
from demur.reservations.personal import Personal
from demur.reservations.photo import Wish, has_reservation, read_parts, reserve
from demur.reservations.photo_errors import DamagedPhotoError, SignedPhotoError, UnsupportedPhotoError
from demur.reservations.preference import Word

MOST_GROWTH_BYTES = 8_192
"""Of vector w-06."""

HEIC = (Path(__file__).parent.parent / "vectors" / "photo-with-a-place.heic").read_bytes()
WISH = Wish()


@pytest.fixture
def key(tmp_path: Path) -> PhotoKey:
    return open_photo_key(tmp_path / "key" / "photo-key.pem")


def saved(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((40, 30), 80).convert("RGB").save(file, kind, **options)
    return file.getvalue()


def several(kind: str) -> bytes:
    frames = [Image.effect_noise(size, 80).convert("RGB") for size in ((40, 30), (40, 30))]
    return saved(kind, save_all=True, append_images=frames)


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload


def store(raw: bytes, media_type: str) -> dict[str, Any]:
    with c2pa.Reader(media_type, io.BytesIO(raw)) as reader:
        found: dict[str, Any] = json.loads(reader.json())
    return found


PHOTOS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "JPEG": ("image/jpeg", lambda: saved("JPEG")),
    "PNG": ("image/png", lambda: saved("PNG")),
    "WebP": ("image/webp", lambda: saved("WEBP")),
    "JPEG with a film": ("image/jpeg", lambda: saved("JPEG") + b"\0\0\0\x18ftypmp42 a film"),
    "PNG with a film": ("image/png", lambda: saved("PNG") + b"\0\0\0\x18ftypmp42 a film"),
    "PNG that moves": ("image/png", lambda: several("PNG")),
    "WebP that moves": ("image/webp", lambda: several("WEBP")),
    "two pictures": ("image/jpeg", lambda: several("MPO")),
    "AVIF": ("image/avif", lambda: saved("AVIF")),
    "HEIC": ("image/heic", lambda: HEIC),
}


@pytest.mark.parametrize("name", PHOTOS)
def test_both_readers_find_the_no_and_the_picture_is_the_same(name: str, key: PhotoKey) -> None:
    media_type, make = PHOTOS[name]
    raw = make()
    signed = reserve_and_sign(raw, WISH, key)
    assert picture_sha256(signed) == picture_sha256(raw)
    assert len(signed) - len(raw) < MOST_GROWTH_BYTES
    said = {each.standard.value: each.preference for each in read_in_file(signed)}
    assert (said["cawg"].train, said["cawg"].genai, said["cawg"].flags) == (Word.DENY, Word.DENY, frozenset())
    found = store(signed, media_type)
    assert found["validation_state"] == "Valid"
    assertions = found["manifests"][found["active_manifest"]]["assertions"]
    entries = next(each["data"]["entries"] for each in assertions if each["label"] == "cawg.training-mining")
    assert set(entries) == {"cawg.data_mining", "cawg.ai_training", "cawg.ai_generative_training"}
    assert all(each == {"use": "notAllowed"} for each in entries.values())
    if name not in ("AVIF", "HEIC"):
        assert has_reservation(read_parts(signed))
        assert read_parts(signed).behind == read_parts(raw).behind


@pytest.mark.parametrize("name", ["JPEG", "HEIC"])
def test_nothing_in_the_credentials_tells_when_or_who(name: str, key: PhotoKey) -> None:
    media_type, make = PHOTOS[name]
    found = store(reserve_and_sign(make(), WISH, key), media_type)
    (manifest,) = found["manifests"].values()
    assert set(manifest["signature_info"]) == {"alg", "issuer", "common_name", "cert_serial_number"}
    told = json.dumps(manifest)
    assert not [word for word in ("when", "title", "thumbnail", "softwareAgent", "author") if f'"{word}"' in told]


def test_list_of_further_pictures_points_where_they_are(key: PhotoKey) -> None:
    raw = several("MPO")
    signed = reserve_and_sign(raw, WISH, key)
    with Image.open(io.BytesIO(signed)) as photo:
        first, *_others = photo.mpinfo[0xB002]  # type: ignore[attr-defined]
    behind = read_parts(signed).behind
    assert first["Size"] == len(signed) - len(behind)
    assert behind == read_parts(raw).behind


def test_further_pictures_that_signing_moves_otherwise_the_second_time_are_not_lost(
    key: PhotoKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter((several("MPO"), several("MPO")))
    monkeypatch.setattr("demur.agent.signed_no.with_pictures_of", lambda _raw, _signed: next(found))
    with pytest.raises(SigningError, match="further pictures"):
        reserve_and_sign(several("MPO"), WISH, key)


def test_list_of_further_pictures_that_signing_lost_is_seen() -> None:
    with pytest.raises(DamagedPhotoError, match="further pictures"):
        with_pictures_of(several("MPO"), saved("JPEG"))


def test_film_behind_a_webp_is_not_lost_in_silence(key: PhotoKey) -> None:
    with pytest.raises(SigningError, match="would be lost"):
        reserve_and_sign(saved("WEBP") + b"a film", WISH, key)


def signed_by_a_camera(raw: bytes, key: PhotoKey) -> bytes:
    """Return a JPEG with credentials that fit and say nothing about training."""
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=key.certificate_pem, private_key=key.private_pem, ta_url=None)
    builder = c2pa.Builder(json.dumps({"claim_generator_info": [{"name": "camera"}]}))
    builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
    out = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), "image/jpeg", io.BytesIO(raw), out)
    return out.getvalue()


def test_what_was_signed_before_stays_provable_below(key: PhotoKey, tmp_path: Path) -> None:
    camera = open_photo_key(tmp_path / "camera.pem")
    raw = signed_by_a_camera(saved("JPEG"), camera)
    with pytest.raises(SignedPhotoError, match="signed"):
        reserve(raw, WISH)
    signed = reserve_and_sign(raw, WISH, key)
    found = store(signed, "image/jpeg")
    assert found["validation_state"] == "Valid"
    assert len(found["manifests"]) == 2
    (before,) = found["manifests"][found["active_manifest"]]["ingredients"]
    codes = {each["code"] for each in before["validation_results"]["activeManifest"]["failure"]}
    assert codes == {"signingCredential.untrusted"}
    assert has_reservation(read_parts(signed))
    assert picture_sha256(signed) == picture_sha256(raw)


def test_photo_that_is_signed_with_a_no_already_is_left_alone(key: PhotoKey) -> None:
    signed = reserve_and_sign(saved("JPEG"), WISH, key)
    assert reserve_and_sign(signed, WISH, key) == signed


def test_photo_whose_signed_no_fits_no_longer_is_signed_anew(key: PhotoKey) -> None:
    signed = reserve_and_sign(saved("JPEG"), WISH, key)
    changed = signed[:-2] + b"\0\xff\xd9"
    again = reserve_and_sign(changed, WISH, key)
    assert again != changed
    assert store(again, "image/jpeg")["validation_state"] == "Valid"


def test_damaged_credentials_are_not_signed_over(key: PhotoKey) -> None:
    raw = saved("JPEG")
    box = b"JP\0\1\0\0\0\1" + (40).to_bytes(4) + b"jumb" + (32).to_bytes(4) + b"jumdc2pa" + bytes(20)
    with pytest.raises(SigningError, match="cannot be signed"):
        reserve_and_sign(raw[:2] + segment(0xEB, box) + raw[2:], WISH, key)


def test_credentials_kept_elsewhere_are_still_not_broken_unasked(key: PhotoKey) -> None:
    provenance = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" '
        b'dcterms:provenance="https://else.example/m"/></rdf:RDF></x:xmpmeta>'
    )
    raw = saved("JPEG")
    raw = raw[:20] + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + provenance) + raw[20:]
    with pytest.raises(SignedPhotoError):
        reserve_and_sign(raw, WISH, key)
    signed = reserve_and_sign(raw, Wish(may_break_signature=True), key)
    assert has_reservation(read_parts(signed))


@pytest.mark.parametrize("name", ["AVIF", "HEIC"])
def test_removing_from_what_can_only_be_signed_is_refused(name: str, key: PhotoKey) -> None:
    with pytest.raises(UnsupportedPhotoError, match="nothing can be removed"):
        reserve_and_sign(PHOTOS[name][1](), Wish(frozenset({Personal.PLACE})), key)


@pytest.mark.parametrize("raw", [saved("GIF"), b"no photo"])
def test_what_is_no_photo_is_refused_as_ever(raw: bytes, key: PhotoKey) -> None:
    with pytest.raises(Exception, match="it is "):
        reserve_and_sign(raw, WISH, key)


def test_signature_that_cannot_be_read_back_is_not_given_out(key: PhotoKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.agent.signed_no._says_no", lambda _raw: False)
    with pytest.raises(SigningError, match="could not be verified"):
        reserve_and_sign(saved("JPEG"), WISH, key)


@pytest.mark.parametrize("module", ["c2pa", "pi_heif"])
def test_missing_library_costs_a_sentence(
    module: str, key: PhotoKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "photo.heic"
    photo.write_bytes(HEIC)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Exception, match="library that is not installed"):
        protect_photo(Task(photo, tmp_path / "new.heic"), WISH, key)
    assert not (tmp_path / "new.heic").exists()


def test_heic_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.agent.picture.MAX_PIXELS", 10)
    with pytest.raises(Exception, match="too large"):
        picture_sha256(HEIC)


def test_same_command_twice_leaves_the_first_signature(key: PhotoKey, tmp_path: Path) -> None:
    for name in ("JPEG", "HEIC", "PNG", "WebP"):
        photo, new = tmp_path / name, tmp_path / "new" / name
        photo.write_bytes(PHOTOS[name][1]())
        assert protect_photo(Task(photo, new), WISH, key).done is Done.WRITTEN
        first = new.read_bytes()
        assert protect_photo(Task(photo, new), WISH, key).done is Done.WRITTEN
        assert new.read_bytes() == first


def test_another_pseudonym_or_another_photo_is_not_taken_for_the_same(key: PhotoKey, tmp_path: Path) -> None:
    photo, new = tmp_path / "a.jpg", tmp_path / "new" / "a.jpg"
    photo.write_bytes(saved("JPEG"))
    protect_photo(Task(photo, new), WISH, key)
    first = new.read_bytes()
    with pytest.raises(Exception, match="another file"):
        protect_photo(Task(photo, new), WISH, open_photo_key(tmp_path / "other.pem"))
    for other in (saved("JPEG"), saved("PNG")):
        photo.write_bytes(other)
        with pytest.raises(Exception, match="another file"):
            protect_photo(Task(photo, new), WISH, key)
    assert new.read_bytes() == first


def test_outcome_says_what_became_of_the_signature(key: PhotoKey, tmp_path: Path) -> None:
    def became(raw: bytes, signing: PhotoKey | None, wish: Wish = WISH) -> Signature:
        photo = tmp_path / "photo"
        photo.write_bytes(raw)
        return protect_photo(Task(photo, photo), wish, signing).signature

    raw = saved("JPEG")
    signed = reserve_and_sign(raw, WISH, key)
    changed = signed.replace(b"DMI-PROHIBITED-AIMLTRAINING", b"DMI-ALLOWED-XXXXXXXXXXXXXXX")
    assert became(raw, None) is Signature.NONE
    assert became(raw, key) is Signature.MADE
    assert became(signed, key) is Signature.NONE
    assert became(changed, key) is Signature.MADE_OVER_ANOTHER
    assert became(changed, None, Wish(may_break_signature=True)) is Signature.BROKEN
    assert became(HEIC, key) is Signature.MADE_ALONE

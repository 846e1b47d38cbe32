"""Content credentials, signed by the tests with their own certificate: a no counts always, a yes only if proven."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import c2pa
import pytest
import yaml
from made_photos import jpeg, picture, png, saved, webp, with_segments, xmp, xmp_segment

from demur.agent.photo_key import open_photo_key
from demur.reservations.content_credentials import judge_manifests
from demur.reservations.in_file import read_file_preference
from demur.reservations.photo import Wish, has_reservation, read_parts, reserve
from demur.reservations.photo_errors import SignedPhotoError
from demur.reservations.preference import NOTHING_SAID, Preference, Word

LABEL = "cawg.training-mining"
_VECTORS = yaml.safe_load((Path(__file__).parent / "vectors.yaml").read_text(encoding="utf-8"))["vectors"]
NO = {"cawg.ai_training": {"use": "notAllowed"}}
YES = {"cawg.ai_training": {"use": "allowed"}, "cawg.ai_generative_training": {"use": "allowed"}}


@pytest.fixture(scope="module")
def signer_pem(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    key = open_photo_key(tmp_path_factory.mktemp("signer") / "key.pem")
    return key.certificate_pem, key.private_pem


def signed(
    raw: bytes, media_type: str, pem: tuple[bytes, bytes], *entries: dict[str, Any], label: str = LABEL
) -> bytes:
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=pem[0], private_key=pem[1], ta_url=None)
    context = c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}})
    assertions = [{"label": label, "data": {"entries": each}} for each in entries]
    manifest = {"claim_generator_info": [{"name": "tests"}], "assertions": assertions}
    builder = c2pa.Builder(json.dumps(manifest), context)
    builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
    out = io.BytesIO()
    builder.sign(c2pa.Signer.from_info(info), media_type, io.BytesIO(raw), out)
    return out.getvalue()


@pytest.fixture(params=[("image/jpeg", jpeg), ("image/png", png), ("image/webp", webp)], ids=["JPEG", "PNG", "WebP"])
def kind(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    return request.param[0], request.param[1]()


def test_no_of_an_unknown_signer_counts(kind: tuple[str, bytes], signer_pem: tuple[bytes, bytes]) -> None:
    said = read_file_preference(signed(kind[1], kind[0], signer_pem, NO))
    assert (said.train, said.genai, said.is_undetermined) == (Word.DENY, Word.DENY, False)


def test_yes_of_an_unknown_signer_does_not(kind: tuple[str, bytes], signer_pem: tuple[bytes, bytes]) -> None:
    said = read_file_preference(signed(kind[1], kind[0], signer_pem, YES))
    assert said == Preference(flags=frozenset({"unproven_permission"}))


def test_no_survives_an_editor_who_signs_without_it(kind: tuple[str, bytes], signer_pem: tuple[bytes, bytes]) -> None:
    said = read_file_preference(signed(signed(kind[1], kind[0], signer_pem, NO), kind[0], signer_pem))
    assert said == Preference(Word.DENY, Word.DENY, frozenset({"from_ingredient"}))


def test_protecting_a_signed_photo_is_refused_and_its_no_outlives_a_broken_signature(
    kind: tuple[str, bytes], signer_pem: tuple[bytes, bytes]
) -> None:
    raw = signed(kind[1], kind[0], signer_pem, NO)
    with pytest.raises(SignedPhotoError):
        reserve(raw, Wish())
    after = reserve(raw, Wish(may_break_signature=True))
    assert has_reservation(read_parts(after))
    said = read_file_preference(after)
    assert said.train is Word.DENY
    assert "invalid_manifest" in said.flags


def test_reserved_photo_can_be_signed_afterwards(kind: tuple[str, bytes], signer_pem: tuple[bytes, bytes]) -> None:
    after = signed(reserve(kind[1], Wish()), kind[0], signer_pem, NO)
    assert has_reservation(read_parts(after))
    assert "invalid_manifest" not in read_file_preference(after).flags


def test_credentials_kept_elsewhere_are_not_fetched_and_leave_it_undetermined() -> None:
    attributes = 'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="https://else.example/manifest"'
    said = read_file_preference(with_segments(jpeg(), xmp_segment(xmp(attributes=attributes))))
    assert said.is_undetermined
    assert "remote_manifest" in said.flags


def test_broken_credentials_are_undetermined(signer_pem: tuple[bytes, bytes]) -> None:
    raw = signed(jpeg(), "image/jpeg", signer_pem, NO)
    at = raw.index(b"jumb")
    assert read_file_preference(raw[: at + 30] + bytes(400) + raw[at + 430 :]).is_undetermined


def test_box_without_credentials_says_nothing() -> None:
    assert read_file_preference(saved(picture(), format="GIF") + b"jumb") == NOTHING_SAID


@pytest.mark.parametrize(
    ("vector", "kind", "label", "entries"),
    [
        ("cawg-12", ("image/jpeg", jpeg), LABEL, ("cawg.ai_inference", "cawg.ai_generative_training")),
        (
            "cawg-13",
            ("image/png", png),
            "c2pa.training-mining",
            ("c2pa.data_mining", "c2pa.ai_training", "c2pa.ai_inference", "c2pa.ai_generative_training"),
        ),
    ],
)
def test_file_as_the_vector_describes_it_is_read_as_the_vector_says(
    vector: str,
    kind: tuple[str, Callable[[], bytes]],
    label: str,
    entries: tuple[str, ...],
    signer_pem: tuple[bytes, bytes],
) -> None:
    """The vectors name files of other projects; these say the same under a certificate of the tests."""
    (wanted,) = (each["expect"] for each in _VECTORS if each["id"] == vector)
    not_allowed = {entry: {"use": "notAllowed"} for entry in entries}
    said = read_file_preference(signed(kind[1](), kind[0], signer_pem, not_allowed, label=label))
    flags = frozenset(wanted.get("flags", ()))
    assert said == Preference(Word(wanted["train"]), Word(wanted["genai"]), flags)


def test_no_of_a_file_that_was_cut_after_signing_counts_and_a_yes_does_not(signer_pem: tuple[bytes, bytes]) -> None:
    for entries, word in ((NO, Word.DENY), (YES, Word.UNKNOWN)):
        raw = signed(jpeg(), "image/jpeg", signer_pem, entries)
        said = read_file_preference(raw[:-40] + raw[-38:])
        assert (said.train, said.genai) == (word, word)
        assert "invalid_manifest" in said.flags


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"cawg.ai_training": {"use": "notAllowed"}}, Preference(Word.DENY, Word.DENY)),
        ({"entries": {"cawg.ai_training": {"use": "not_allowed"}}}, Preference(Word.DENY, Word.DENY)),
        ({"entries": {"cawg.data_mining": {"use": "allowed"}}}, NOTHING_SAID),
        ({"entries": {"com.example.other": {"use": "notAllowed"}}}, NOTHING_SAID),
        (
            {"entries": {"cawg.ai_training": {"use": "ask"}}},
            Preference(flags=frozenset({"protocol_error"}), is_undetermined=True),
        ),
        ({"entries": ["cawg.ai_training"]}, Preference(flags=frozenset({"damaged"}), is_undetermined=True)),
        (None, Preference(flags=frozenset({"damaged"}), is_undetermined=True)),
    ],
)
def test_forms_of_the_assertion(data: object, said: Preference) -> None:
    assertions = [{"label": f"{LABEL}__1", "data": data}, {"label": "c2pa.actions", "data": {}}]
    store = {"active_manifest": "a", "manifests": {"a": {"assertions": assertions}}, "validation_state": "Trusted"}
    assert judge_manifests(store) == said


def test_store_without_manifests_says_nothing() -> None:
    assert judge_manifests({"validation_state": "Invalid"}) == NOTHING_SAID

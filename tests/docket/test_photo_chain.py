"""From the photo that Ada sends to the row that is left out, and back to her page: with the gate itself."""

import sys
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from docket_world import NOW, load_latest, run_tasks
from face_case_world import compare_faces
from photo_case_world import OTHER, PHOTO, a_photo, clean, confirm_with
from PIL import Image, ImageEnhance, ImageOps

from demur.core.objection import CaseState
from demur.docket.decision import Decision
from demur.docket.models import CaseIdentifier
from demur.docket.photographs import CleanPhoto, clean_photo
from demur.docket.services import decide, start_review, withdraw, withdraw_faces
from demur.docket.services.training_sets import read_training_set, record_training_set
from demur.docket.training_sets import training_sets
from demur.gate.mapping import parse_mapping
from demur.gate.run import GateRequest, run_gate
from demur.ledger.keys import KeyRole, load_signer

sys.path.append(str(Path(__file__).parents[1] / "faces"))
from face_world import astronaut, encoded, landscape

pytestmark = pytest.mark.django_db(transaction=True)
MAPPING = parse_mapping(b"""\
form: demur-source-mapping/v1
row_id: record_id
kind: {column: kind, values: {photo: photo}}
audience: {column: audience, public: [public]}
author_account: author
author_is_minor: is_minor
tagged_accounts: tagged
image: image
""")
SCHEMA = pa.schema(
    {
        **dict.fromkeys(("record_id", "kind", "audience", "author"), pa.string()),
        "is_minor": pa.bool_(),
        "tagged": pa.list_(pa.string()),
        "image": pa.binary(),
    },
)


def copy_of(photo: CleanPhoto) -> CleanPhoto:
    """Return the photo as somebody posts it again: mirrored, gray, and with less of its left edge."""
    with Image.open(BytesIO(photo.jpeg)) as image:
        return clean(ImageOps.mirror(image).convert("L").crop((20, 0, 320, 240)))


def gate(home: Path, name: str, **photos: CleanPhoto) -> Path:
    """Run the gate over rows of strangers with these photos; return its output folder."""
    rows = [
        {
            "record_id": row,
            "kind": "photo",
            "audience": "public",
            "author": "lumen:c7",
            "is_minor": False,
            "tagged": [],
            "image": photo.jpeg,
        }
        for row, photo in photos.items()
    ]
    source, out = home / f"{name}.parquet", home / name
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), source)
    signer = load_signer(home / "keys", KeyRole.GATE)
    run_gate(GateRequest(source, MAPPING, out), load_latest(home), signer, lambda _done, _total: None)
    return out


def kept(out: Path) -> list[str]:
    return sorted(pq.read_table(out / "kept")["record_id"].to_pylist())


def test_copy_of_adas_photo_is_left_out_and_counted_for_her_until_she_withdraws(home: Path) -> None:
    ada = confirm_with(PHOTO)
    confirm_with(OTHER, email="cy@mail.example")
    CaseIdentifier.objects.exclude(kind="email").delete()
    run_tasks()
    photos = {"again": copy_of(PHOTO), "same": PHOTO, "others": a_photo(7)}
    out = gate(home, "first", **photos)
    assert kept(out) == ["others"]
    start_review(ada.reference, "bo@lumen.example", NOW)
    decide(ada.reference, Decision(CaseState.UPHELD, None, "", "bo@lumen.example"), NOW)
    key = load_signer(home / "keys", KeyRole.GATE).verifier_key
    counts = (out / "withheld-by-entry.parquet").read_bytes()
    record_training_set(read_training_set((out / "manifest.note").read_bytes(), counts, key), NOW)
    assert [(line.withheld_rows, line.is_exact) for line in training_sets(ada.status_token)] == [(2, True)]
    withdraw(ada.status_token, NOW)
    run_tasks()
    assert kept(gate(home, "second", **photos)) == ["again", "others", "same"]


def test_another_photo_of_the_face_that_ada_agreed_to_is_withheld_for_review_until_she_withdraws_only_that(
    home: Path,
) -> None:
    compare_faces(home)
    hers = clean_photo(BytesIO(encoded(astronaut())), with_face=True)
    ada = confirm_with(hers)
    run_tasks()
    other_photo = clean(ImageEnhance.Brightness(astronaut().crop((100, 0, 350, 300))).enhance(0.8))
    photos = {"another": other_photo, "nobody": clean(landscape()), "same": hers}
    out = gate(home, "first", **photos)
    assert kept(out) == ["nobody"]
    withheld = pq.read_table(out / "withheld").to_pydict()
    reasons = dict(zip(withheld["record_id"], withheld["reasons"], strict=True))
    assert reasons == {"another": ["face-objected"], "same": ["photo-objected", "face-objected"]}
    withdraw_faces(ada.status_token, NOW)
    run_tasks()
    assert kept(gate(home, "second", **photos)) == ["another", "nobody"]

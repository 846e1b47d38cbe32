"""The photos of a case beside the pictures of a dataset that are copies of them: what the page shows, and what not."""

import base64
import re
import stat
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from docket_world import ADA, confirm, load_latest, run_tasks
from photo_case_world import OTHER, PHOTO, PLAIN, confirm_with
from PIL import Image
from typer.testing import CliRunner

from demur.cli.desk import desk_app
from demur.cli.desk_matches import NoListYetError, NoPhotoToLookForError
from demur.core.errors import DemurError
from demur.core.identifier import IdentifierKind
from demur.core.objection import Capacity
from demur.docket.errors import CaseUnknownError
from demur.docket.models import Photo
from demur.gate.errors import InputChangedError, MappingError, RowIdMissingError
from demur.gate.pictures.picture_rows import PictureRows

pytestmark = pytest.mark.django_db(transaction=True)
MAPPING = """\
form: demur-source-mapping/v1
row_id: record_id
kind: {column: kind, values: {post: post, dm: message}}
audience: {column: audience, public: [public]}
author_account: author_account
author_is_minor: author_is_minor
tagged_accounts: none
"""
ROW = {
    "record_id": "r1",
    "kind": "post",
    "audience": "public",
    "author_account": "lumen:cy",
    "author_is_minor": False,
    "photo": PHOTO.jpeg,
}
SCHEMA = pa.schema(
    {
        "record_id": pa.string(),
        "kind": pa.string(),
        "audience": pa.string(),
        "author_account": pa.string(),
        "author_is_minor": pa.bool_(),
        "photo": pa.binary(),
    }
)


def smaller(quality: int = 70) -> bytes:
    """Return a copy of the photo in other bytes."""
    out = BytesIO()
    Image.open(BytesIO(PHOTO.jpeg)).resize((200, 150)).save(out, "JPEG", quality=quality)
    return out.getvalue()


def write_rows(home: Path, *rows: dict[str, object], schema: pa.Schema = SCHEMA) -> None:
    (home / "lake").mkdir(exist_ok=True)
    pq.write_table(pa.Table.from_pylist([ROW | row for row in rows], schema=schema), home / "lake" / "a.parquet")


def ask(home: Path, reference: str, *more: str, mapping: str = f"{MAPPING}image: photo\n") -> Result:
    (home / "mapping.yaml").write_text(mapping)
    out = ["--mapping", str(home / "mapping.yaml"), "--out", str(home / "page.html"), "--home", str(home)]
    return CliRunner().invoke(desk_app, ["matches", reference, str(home / "lake"), *out, *more])


def page(home: Path, reference: str, *more: str) -> str:
    result = ask(home, reference, *more)
    assert result.exit_code == 0, (result.output, result.exception)
    return (home / "page.html").read_text()


def error_of(result: Result) -> DemurError:
    assert isinstance(result.exception, DemurError), result.output
    return result.exception


def pictures(text: str) -> list[Image.Image]:
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    return [Image.open(BytesIO(base64.b64decode(one))) for one in found]


@pytest.fixture
def case(home: Path) -> str:
    """The reference of a case with a photo that a list carries."""
    reference = confirm_with(PHOTO).reference
    run_tasks()
    assert (home / "lists" / "latest.list").exists()
    return reference


def test_the_photo_stands_beside_its_copies_and_not_beside_other_pictures(home: Path, case: str) -> None:
    write_rows(
        home,
        {},
        {"record_id": "r2", "photo": smaller()},
        {"record_id": "r3", "photo": smaller()},
        {"record_id": "r4", "photo": OTHER.jpeg},
        {"record_id": "r5", "photo": b"no picture"},
        {"record_id": "r6", "photo": None},
    )
    text = page(home, case)
    assert [image.size for image in pictures(text)] == [(320, 240), (240, 180), (200, 150)]
    assert "6 rows were looked at. Of 1 row a picture cannot be read" in text
    assert "3 rows hold a copy of it." in text
    assert "0 bits differ; 1 row holds it" in text
    assert "; 2 rows hold it" in text
    assert (text.count("r1<br>"), "r3<br>" in text, "r4<br>" in text) == (1, False, False)
    assert "not shown" not in text


def test_pictures_of_messages_of_minors_and_of_few_people_are_counted_and_not_shown(home: Path, case: str) -> None:
    write_rows(
        home,
        {"record_id": "r1", "kind": "dm", "audience": "friends"},
        {"record_id": "r2", "author_is_minor": True},
        {"record_id": "r3", "audience": "friends"},
    )
    text = page(home, case)
    assert len(pictures(text)) == 1
    assert "3 of these rows are not shown" in text
    assert "1 row: Its author is a minor." in text
    assert "2 rows: Not everybody may see it.<" in text
    assert not any(f"r{number}<br>" in text for number in (1, 2, 3))


def test_a_picture_of_somebody_who_objected_with_their_account_is_not_shown(home: Path, case: str) -> None:
    accounts, _ = load_latest(home).values(IdentifierKind.ACCOUNT)
    write_rows(home, {"author_account": accounts[0].as_py()})
    text = page(home, case)
    assert len(pictures(text)) == 1
    assert "1 row: Its author has objected." in text


def test_of_many_copies_the_nearest_are_drawn_and_the_others_counted(home: Path, case: str) -> None:
    copies = [{"record_id": f"r{quality}", "photo": smaller(quality)} for quality in (40, 60, 80)]
    write_rows(home, *copies, {"record_id": "same"})
    text = page(home, case, "--most", "1")
    assert len(pictures(text)) == 2
    assert "same<br>" in text
    assert "3 more pictures are not drawn here." in text


def test_a_row_id_is_text_and_never_part_of_the_page(home: Path, case: str) -> None:
    write_rows(home, {"record_id": '"><script>alert(1)</script>'})
    text = page(home, case)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 2
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text


def test_row_ids_of_bytes_are_written_in_hexadecimal_digits(home: Path, case: str) -> None:
    schema = SCHEMA.set(0, pa.field("record_id", pa.binary()))
    write_rows(home, {"record_id": b"\xff\x01"}, schema=schema)
    assert "ff01<br>" in page(home, case)


def test_row_ids_that_are_called_text_and_are_none_are_written_in_hexadecimal_digits(home: Path, case: str) -> None:
    write_rows(home, {})
    ids = pa.array([b"\xff\x01"]).view(pa.string())
    table = pq.read_table(home / "lake" / "a.parquet").set_column(0, "record_id", ids)
    pq.write_table(table, home / "lake" / "a.parquet")
    assert "ff01<br>" in page(home, case)


def test_of_an_erased_photo_only_what_matches_is_shown(home: Path, case: str) -> None:
    Photo.objects.update(sealed_jpeg=None)
    write_rows(home, {})
    text = page(home, case)
    assert "This photo was erased." in text
    assert len(pictures(text)) == 1


def test_a_photo_with_too_little_in_it_is_shown_and_said_not_to_be_looked_for(home: Path) -> None:
    reference = confirm_with(PLAIN, OTHER).reference
    run_tasks()
    write_rows(home, {})
    text = page(home, reference)
    assert len(pictures(text)) == 2
    assert text.index("It cannot be looked for") < text.index("No row holds a copy of it.")


def test_a_copy_that_the_child_refuses_to_draw_is_named_without_its_picture(home: Path, case: str) -> None:
    write_rows(home, {"photo": PHOTO.jpeg + b"PK\x03\x04" + bytes(40) + PHOTO.jpeg}, {"photo": _bitmap()})
    assert "This picture could not be drawn." in page(home, case)


def _bitmap() -> bytes:
    out = BytesIO()
    Image.open(BytesIO(PHOTO.jpeg)).save(out, "GIF")
    return out.getvalue()


def test_only_who_drew_the_page_can_read_it_also_where_another_was(home: Path, case: str) -> None:
    write_rows(home, {})
    (home / "page.html").write_text("old")
    (home / "page.html").chmod(0o644)
    page(home, case)
    assert stat.S_IMODE((home / "page.html").stat().st_mode) == 0o600


def test_a_case_without_photos_is_refused(home: Path, case: str) -> None:
    write_rows(home, {})
    without = confirm(replace(ADA, email="bo@mail.example", capacity=Capacity.NO_ACCOUNT)).reference
    assert isinstance(error_of(ask(home, without)), NoPhotoToLookForError)
    assert isinstance(error_of(ask(home, "DMR-0000-0000")), CaseUnknownError)
    assert ask(home, case).exit_code == 0


def test_a_mapping_without_images_is_refused_with_a_sentence(home: Path, case: str) -> None:
    write_rows(home, {})
    error = error_of(ask(home, case, mapping=MAPPING))
    assert isinstance(error, MappingError)
    assert "names no images" in str(error)
    assert not (home / "page.html").exists()


def test_nothing_is_shown_before_a_list_says_who_objected(home: Path, case: str) -> None:
    write_rows(home, {})
    (home / "lists" / "latest.list").unlink()
    assert isinstance(error_of(ask(home, case)), NoListYetError)


def test_a_row_without_an_id_stops_the_search(home: Path, case: str) -> None:
    write_rows(home, {"record_id": None})
    assert isinstance(error_of(ask(home, case)), RowIdMissingError)


def test_a_picture_that_goes_away_meanwhile_stops_the_search(
    home: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(home, {})
    monkeypatch.setattr(PictureRows, "read_again", lambda *_: None)
    assert isinstance(error_of(ask(home, case)), InputChangedError)

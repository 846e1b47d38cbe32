"""The sample as a whole: always the same, complete or not there, and as varied as a real platform."""

import hashlib
from collections import Counter
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demur.controller.file import load_controller
from demur.gate.mapping import parse_mapping
from demur.sample.errors import SampleFolderError, SampleSizeError
from demur.sample.lake import LAKE_SCHEMA
from demur.sample.platform import ROWS_A_FILE, SampleRequest, find_summary, generate

CAMPAIGN_STARTS_AT = datetime(2026, 12, 15, tzinfo=UTC)
RESERVED = {"example.org", "example.com", "example.net", "mail.example", "post.example"}


def quiet(_done: int, _total: int) -> None:
    """Show no progress."""


def digests(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def rows_of(sample: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(sample / "lake").to_pylist()
    return rows


def test_same_request_gives_the_same_bytes_in_every_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        generate(SampleRequest(tmp_path / name, people=120, rows=3_000, seed=3, photos=48), quiet)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_gives_other_people_rows_and_pixels(tmp_path: Path) -> None:
    for seed in (3, 4):
        generate(SampleRequest(tmp_path / str(seed), people=120, rows=3_000, seed=seed, photos=12), quiet)
    one, two = digests(tmp_path / "3"), digests(tmp_path / "4")
    same = {name for name in one if one[name] == two.get(name)}
    assert same == {"mapping.yaml", "photos/LICENCES.md"}


def test_rows_beyond_the_first_file_go_on_where_it_ends(tmp_path: Path) -> None:
    out, rows = tmp_path / "sample", ROWS_A_FILE + 500
    calls: list[tuple[int, int]] = []
    generate(SampleRequest(out, 50, rows, 1, 8), lambda done, total: calls.append((done, total)))
    names = ["part-00000.parquet", "part-00001.parquet"]
    assert sorted(file.name for file in (out / "lake").iterdir()) == names
    assert sorted(file.name for file in (out / "truth/rows").iterdir()) == names
    assert [pq.read_metadata(out / "lake" / name).num_rows for name in names] == [ROWS_A_FILE, 500]
    assert calls[-1] == (rows, rows)
    second = pq.read_table(out / "lake" / names[1], columns=["record_id"])["record_id"].to_pylist()
    assert (second[0], second[-1]) == ("r0001000000", "r0001000499")


def test_lake_is_plain_parquet_of_its_schema(sample: Path) -> None:
    schema = pq.read_schema(sample / "lake/part-00000.parquet")
    assert schema.metadata is None
    assert schema == LAKE_SCHEMA
    assert {column: schema.field(column).type for column in ("kind", "author_account")} == {
        "kind": pa.string(),
        "author_account": pa.string(),
    }


def test_record_ids_are_unique_and_time_never_runs_backwards(sample: Path) -> None:
    rows = rows_of(sample)
    assert len({row["record_id"] for row in rows}) == len(rows)
    instants = [row["created_at"] for row in rows]
    assert instants == sorted(instants)


def test_rows_lie_before_and_after_the_start_of_the_campaign(sample: Path) -> None:
    sides = Counter(row["created_at"] >= CAMPAIGN_STARTS_AT for row in rows_of(sample))
    assert sides[True] > 50
    assert sides[False] > sides[True]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("product", {"lumen", "agora", "muse"}),
        ("kind", {"post", "photo", "comment", "prompt", "message"}),
        ("audience", {"public", "friends", "private"}),
        ("language", {"en", "pt", "es", "de", "fr", "it"}),
    ],
)
def test_every_value_occurs_often(sample: Path, column: str, values: set[str]) -> None:
    counts = Counter(row[column] for row in rows_of(sample))
    assert set(counts) == values
    assert min(counts.values()) > 300


def test_messages_are_always_private_and_prompts_belong_to_the_assistant(sample: Path) -> None:
    rows = rows_of(sample)
    assert {row["audience"] for row in rows if row["kind"] == "message"} == {"private"}
    assert {row["product"] for row in rows if row["kind"] == "prompt"} == {"muse"}
    assert {row["kind"] for row in rows if row["product"] == "muse"} == {"prompt"}


def test_only_photos_have_an_image_and_all_of_them_do(sample: Path) -> None:
    for row in rows_of(sample):
        assert (row["image_path"] is not None) == (row["kind"] == "photo")
        assert row["image_path"] is None or (sample / "photos" / row["image_path"]).is_file()


def test_accounts_of_rows_are_in_the_row_s_product(sample: Path) -> None:
    for row in rows_of(sample):
        namespace = row["author_account"].partition(":")[0]
        assert row["product"] in {namespace, "muse"}
        assert {account.partition(":")[0] for account in row["tagged_accounts"]} <= {namespace}
        assert len(set(row["tagged_accounts"])) == len(row["tagged_accounts"])


def test_minors_are_marked_in_every_row_of_theirs_and_nobody_else(sample: Path) -> None:
    people = pq.read_table(sample / "truth/people.parquet").to_pylist()
    minors = {account for person in people if person["is_minor"] for account in person["accounts"]}
    marked = {row["author_account"] for row in rows_of(sample) if row["author_is_minor"]}
    unmarked = {row["author_account"] for row in rows_of(sample) if not row["author_is_minor"]}
    assert marked
    assert marked <= minors
    assert not unmarked & minors


def test_addresses_cannot_reach_anybody_and_are_nobody_elses(sample: Path) -> None:
    emails = pq.read_table(sample / "truth/people.parquet")["email"].to_pylist()
    assert {email.partition("@")[2] for email in emails} <= RESERVED
    assert len(set(emails)) == len(emails)


def test_mapping_is_one_that_the_gate_takes_and_names_columns_of_the_lake(sample: Path) -> None:
    mapping = parse_mapping((sample / "mapping.yaml").read_bytes())
    assert mapping.tagged_accounts is not None
    columns = {mapping.row_id, mapping.kind, mapping.audience, mapping.author_is_minor}
    columns |= {mapping.author_account.column, mapping.tagged_accounts.column, *mapping.others.values()}
    assert columns <= set(LAKE_SCHEMA.names)
    assert set(mapping.audience_values.values()) == {"public", "friends", "private"}


def test_summary_counts_what_was_made_and_is_found_again(tmp_path: Path) -> None:
    out = tmp_path / "sample"
    assert find_summary(out) is None
    summary = generate(SampleRequest(out, people=60, rows=500, seed=9, photos=8), quiet)
    assert find_summary(out) == summary
    assert summary.lake_bytes == (out / "lake/part-00000.parquet").stat().st_size
    assert summary.concerns == pq.read_metadata(out / "truth/rows/part-00000.parquet").num_rows
    (out / "sample.json").write_text("{")
    with pytest.raises(SampleFolderError, match="is damaged"):
        find_summary(out)


def test_an_earlier_sample_is_replaced_and_anything_else_is_left_alone(tmp_path: Path) -> None:
    out, other = tmp_path / "sample", tmp_path / "other"
    generate(SampleRequest(out, people=30, rows=50, seed=1, photos=8), quiet)
    generate(SampleRequest(out, people=30, rows=60, seed=1, photos=8), quiet)
    assert pq.read_metadata(out / "lake/part-00000.parquet").num_rows == 60
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    with pytest.raises(SampleFolderError, match="not a sample; nothing was written"):
        generate(SampleRequest(other, people=30, rows=50, seed=1, photos=8), quiet)
    assert (other / "thesis.txt").read_text() == "years of work"


def test_an_interrupted_run_leaves_no_sample_and_does_not_hinder_the_next(tmp_path: Path) -> None:
    out = tmp_path / "sample"

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    request = SampleRequest(out, people=30, rows=50, seed=1, photos=8)
    with pytest.raises(KeyboardInterrupt):
        generate(request, interrupt)
    assert not out.exists()
    generate(request, quiet)
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SampleFolderError, match="could not be written"):
        generate(SampleRequest(tmp_path / "file" / "sample", people=30, rows=50, seed=1, photos=8), quiet)


@pytest.mark.parametrize(
    ("people", "rows", "seed", "photos"), [(19, 50, 1, 8), (30, 0, 1, 8), (30, 50, -1, 8), (30, 50, 1, 7)]
)
def test_figures_that_no_sample_can_have_are_refused(
    tmp_path: Path, people: int, rows: int, seed: int, photos: int
) -> None:
    with pytest.raises(SampleSizeError):
        generate(SampleRequest(tmp_path / "sample", people, rows, seed, photos), quiet)
    assert not list(tmp_path.iterdir())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=st.integers(20, 40), rows=st.integers(1, 40), seed=st.integers(0, 2**63))
def test_however_small_a_sample_can_be_made(tmp_path: Path, people: int, rows: int, seed: int) -> None:
    summary = generate(SampleRequest(tmp_path / "sample", people, rows, seed, photos=8), quiet)
    assert summary.concerns >= rows
    assert summary.people_without_account >= 1


def test_controller_of_the_sample_can_be_read_and_says_what_trains() -> None:
    with as_file(files("demur.sample") / "data" / "controller.yaml") as path:
        controller = load_controller(path)
    assert controller.name == "lumen.example"
    assert controller.campaign.training_starts_on == CAMPAIGN_STARTS_AT.date()
    assert [product.id for product in controller.products] == ["lumen", "agora", "muse"]
    trained = {kind for collected in controller.collected if collected.used_for_training for kind in collected.kinds}
    assert trained == {"post", "photo", "caption", "comment", "prompt"}
    for collected in controller.collected:
        assert collected.used_for_training == (collected.audiences == ("public",))

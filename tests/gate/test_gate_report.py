"""The report: what a verified manifest says, as a page that needs nothing else."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from gate_world import GATE_SIGNER, entry, lake_rows, list_of, mapping, row, write_parquet

from demur.core.gate_manifest import GateManifest, KeptAndWithheld, ManifestFile
from demur.core.identifier import IdentifierKind, face_value
from demur.gate.decision import REASONS
from demur.gate.reason_words import REASON_WORDS, reason_words
from demur.gate.report import draw_report
from demur.gate.run import GateRequest, run_gate
from demur.gate.suppression_list import SuppressionList

FACE = entry(face_value([0.1] * 128), IdentifierKind.FACE)


def gated(tmp_path: Path, rows: list[dict[str, object]], suppressions: SuppressionList) -> GateManifest:
    lake = tmp_path / "lake"
    write_parquet(lake / "a.parquet", rows)
    request = GateRequest(lake, mapping(), tmp_path / f"out-{len(list(tmp_path.iterdir()))}")
    return run_gate(request, suppressions, GATE_SIGNER, lambda _done, _total: None)


@pytest.fixture
def manifest(tmp_path: Path) -> GateManifest:
    return gated(tmp_path, lake_rows(1_000), list_of("lumen:ada", others=[FACE]))


def text_of(page: str) -> str:
    """Return what a person reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)).split())


def test_it_says_how_many_rows_are_kept_and_why_the_others_are_not(manifest: GateManifest) -> None:
    words = text_of(draw_report(manifest))
    assert f"Kept: may train {manifest.kept_rows:,}" in words
    assert f"{manifest.kept_rows / 1_000:.2%} of 1,000 rows" in words
    assert f"{manifest.withheld_rows:,} rows are withheld." in words
    assert "Somebody who is tagged has objected. 200 tagged-person-objected" in words
    assert "Its author has objected. 100 author-objected" in words
    assert words.index("tagged-person-objected") < words.index("author-objected")
    assert "minority-unknown" not in words
    assert "list 7" in words


def test_it_says_what_was_not_looked_for(manifest: GateManifest) -> None:
    assert "no rule of this run looked for: face." in text_of(draw_report(manifest))
    assert "no rule of this run" not in draw_report(replace(manifest, kinds_not_applied=()))


def test_it_needs_nothing_besides_itself(manifest: GateManifest) -> None:
    page = draw_report(manifest, manifest)
    assert not re.search(r"<(script|link|img|iframe|object|base|form|a)\b|\bon\w+=|url\(|@import|https?:", page)
    assert "default-src 'none'" in page


def test_the_same_manifest_gives_the_same_page(manifest: GateManifest) -> None:
    assert draw_report(manifest) == draw_report(manifest)


def test_before_and_after_are_compared(manifest: GateManifest, tmp_path: Path) -> None:
    before = gated(tmp_path, lake_rows(1_000), list_of())
    words = text_of(draw_report(manifest, before))
    assert f"Kept before, by list 7 {before.kept_rows:,}" in words
    points = (before.kept_rows - manifest.kept_rows) / 10
    assert f"{points:,.2f} percentage points less of the rows are kept." in words
    assert "Both runs read the same files." in words
    assert "tagged-person-objected · before 0 · +200" in words
    assert "private-message · before 143 · no change" in words
    assert "percentage points more" in text_of(draw_report(before, manifest))
    assert "author-objected · before 100 · -100" in text_of(draw_report(before, manifest))
    assert "The same share is kept." in text_of(draw_report(manifest, manifest))


def test_it_is_said_when_the_runs_read_different_files(manifest: GateManifest, tmp_path: Path) -> None:
    other = gated(tmp_path, lake_rows(10), list_of())
    assert "The two runs read different files" in text_of(draw_report(manifest, other))


def test_names_of_files_are_text_and_never_markup(manifest: GateManifest) -> None:
    odd = ManifestFile("<script>alert(1)</script>&.parquet", bytes(32), 1_000)
    page = draw_report(replace(manifest, inputs=(odd,), withheld_by_reason={"<b>": 5}, list_kinds={"<i>": 1}))
    assert "<script>" not in page
    assert "<b>&" not in page
    assert "<i>" not in page
    assert "A reason that this version does not know." in page


def test_many_files_are_counted_and_not_all_named(manifest: GateManifest) -> None:
    many = tuple(ManifestFile(f"{number:05d}.parquet", bytes(32), 1) for number in range(1_000))
    words = text_of(draw_report(replace(manifest, inputs=many)))
    assert "00199.parquet" in words
    assert "00200.parquet" not in words
    assert "The first 200; 800 more are in the manifest." in words


def test_nothing_withheld_and_nothing_read_are_said(tmp_path: Path) -> None:
    words = text_of(draw_report(gated(tmp_path, [], list_of())))
    assert "0.00% of 0 rows" in words
    assert "No row is withheld." in words
    assert "Entries by kind none" in words
    words = text_of(draw_report(gated(tmp_path, [row(kind="dm")], list_of())))
    assert "0.00% of 1 row " in words
    assert "1 row is withheld." in words


def test_a_catalogue_is_said(manifest: GateManifest) -> None:
    assert "catalogue none was given" in text_of(draw_report(manifest))
    assert "catalogue applied" in text_of(draw_report(replace(manifest, catalogue_sha256=bytes(32))))


def test_every_reason_has_a_sentence() -> None:
    assert set(REASONS) <= set(REASON_WORDS)
    assert all(reason_words(code).endswith(".") for code in REASONS)


def test_products_and_months_are_drawn_where_they_were_counted(manifest: GateManifest) -> None:
    assert "By product" not in text_of(draw_report(manifest))
    counted = replace(
        manifest,
        rows_by_product={"lumen": KeptAndWithheld(75, 25), "<b>": KeptAndWithheld(0, 1)},
        rows_by_month={"2026-11": KeptAndWithheld(1, 0)},
    )
    page = draw_report(counted)
    words = text_of(page)
    assert "By product &lt;b&gt; 0 0.00% of 1 row kept, 1 withheld lumen 75 75.00% of 100 rows kept" in words
    assert "By month 2026-11 2026-11 Kept below, withheld above. 1 month in figures" in words
    assert "Month Withheld Kept 2026-11 0 1" in words
    months = {"2026-10": KeptAndWithheld(3, 1), "2026-11": KeptAndWithheld(1, 0), "unknown": KeptAndWithheld(0, 2)}
    before = replace(manifest, rows_by_product={"lumen": KeptAndWithheld(80, 20)}, rows_by_month=counted.rows_by_month)
    compared = text_of(draw_report(replace(counted, rows_by_month=months), before))
    assert "25 withheld · before 80 kept, 20 withheld" in compared
    assert "By month 2026-10 2026-11, unknown Kept" in compared
    assert "Month Kept before Withheld Kept 2026-10 none 1 3 2026-11 1 0 1 unknown none 2 0" in compared


def test_a_manifest_without_a_known_month_is_drawn_too(manifest: GateManifest) -> None:
    unknown = replace(manifest, rows_by_month={"unknown": KeptAndWithheld(1, 0)})
    assert "By month unknown unknown, unknown" not in text_of(draw_report(unknown))
    assert "Month Withheld Kept unknown 0 1" in text_of(draw_report(unknown))

"""Going on from an earlier output: the same bytes as a full run, and nothing that could let a row through."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gate_world import GATE_SIGNER, MAPPING, SCHEMA, catalogue_of, entry, list_of, mapping, row, write_parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.controller.catalogue import Audience, Kind
from demur.core.gate_manifest import GateManifest, GateMode
from demur.core.note import Signer
from demur.gate import noted_accounts
from demur.gate.errors import EarlierOutputError, InputChangedError, MappingError, UnreadableInputError
from demur.gate.mapping import SourceMapping
from demur.gate.run import GateRequest, run_gate
from demur.gate.suppression_list import SuppressionList

WITHOUT_TEXT = MAPPING.replace("text: text\n", "")
ADA = list_of("lumen:ada")
ADA_AND_BO = list_of("lumen:ada", "lumen:bo")
PEOPLE = ("lumen:ada", "lumen:bo", "lumen:cy", "lumen:dee", "lumen:eve")


class Gated:
    """A run, what it wrote, and how many files it took over."""

    def __init__(
        self,
        lake: Path,
        out: Path,
        suppressions: SuppressionList = ADA,
        *,
        after: Path | None = None,
        mode: GateMode = GateMode.LINK,
        of: SourceMapping | None = None,
        signer: Signer = GATE_SIGNER,
        **changes: object,
    ) -> None:
        self.out, self.unaffected = out, 0
        self.reasons: Mapping[str, int] = {}
        request = GateRequest(
            lake, of or mapping(WITHOUT_TEXT), out, mode=mode, notes_accounts=after is None, after=after
        )
        self.manifest: GateManifest = run_gate(
            replace(request, **changes),  # type: ignore[arg-type]
            suppressions,
            signer,
            lambda _done, _total: None,
            tell_unaffected=self._count,
            tell_reasons=self._take_note,
        )
        assert self.reasons == {code: rows for code, rows in self.manifest.withheld_by_reason.items() if rows}

    def _count(self, files: int) -> None:
        self.unaffected = files

    def _take_note(self, rows: Mapping[str, int]) -> None:
        self.reasons = rows


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """One file of Ada's and Cy's, one of Bo's, one of Cy's, and one of messages."""
    folder = tmp_path / "lake"
    write_parquet(folder / "ada.parquet", [row(author_account="lumen:ada"), row(record_id="r2")])
    write_parquet(folder / "deep" / "bo.parquet", [row(author_account="lumen:bo"), row(tagged_accounts=["lumen:dee"])])
    (folder / "cy.jsonl").write_text(json.dumps(row()) + "\n")
    write_parquet(folder / "dm.parquet", [row(kind="dm"), row(author_account="lumen:eve", author_is_minor=True)])
    return folder


@pytest.mark.parametrize("mode", [GateMode.LINK, GateMode.REWRITE, GateMode.IDS])
def test_what_comes_out_is_byte_for_byte_what_a_full_run_writes(mode: GateMode, lake: Path, tmp_path: Path) -> None:
    first = Gated(lake, tmp_path / "1", mode=mode)
    full = Gated(lake, tmp_path / "full", ADA_AND_BO, mode=mode)
    after = Gated(lake, tmp_path / "2", ADA_AND_BO, after=first.out, mode=mode)
    assert tree(after.out) == tree(full.out)
    assert after.unaffected == 3
    assert tree(first.out) == tree(Gated(lake, tmp_path / "again", mode=mode).out)


@settings(max_examples=10)
@given(
    lists=st.lists(st.sets(st.sampled_from(PEOPLE)), min_size=2, max_size=3),
    files=st.lists(
        st.lists(st.tuples(st.sampled_from(PEOPLE), st.lists(st.sampled_from(PEOPLE), max_size=2)), max_size=4),
        min_size=1,
        max_size=3,
    ),
)
def test_whoever_comes_and_goes_on_the_list_each_run_after_another_equals_a_full_one(
    lists: list[set[str]],
    files: list[list[tuple[str, list[str]]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    place = tmp_path_factory.mktemp("after")
    for number, people in enumerate(files):
        rows = [row(record_id=f"{at}", author_account=by, tagged_accounts=tags) for at, (by, tags) in enumerate(people)]
        write_parquet(place / "lake" / f"{number}.parquet", rows)
    last = Gated(place / "lake", place / "0").out
    for turn, people in enumerate(lists, 1):
        known = list_of(*sorted(people))
        full = Gated(place / "lake", place / f"full{turn}", known)
        last = Gated(place / "lake", place / f"{turn}", known, after=last).out
        assert tree(last) == tree(full.out)
    shutil.rmtree(place)


def test_files_taken_over_are_links_and_cost_no_room(lake: Path, tmp_path: Path) -> None:
    first = Gated(lake, tmp_path / "1", mode=GateMode.REWRITE)
    after = Gated(lake, tmp_path / "2", after=first.out, mode=GateMode.REWRITE)
    assert after.unaffected == 4
    assert (after.out / "kept/ada.parquet").samefile(first.out / "kept/ada.parquet")


def test_where_links_are_not_possible_files_are_copied(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Gated(lake, tmp_path / "1", mode=GateMode.REWRITE)

    def refuse(*_: object) -> None:
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", refuse)
    after = Gated(lake, tmp_path / "2", after=first.out, mode=GateMode.REWRITE)
    assert (after.unaffected, tree(after.out)) == (4, tree(first.out))


def test_a_person_whose_objection_is_withdrawn_comes_back(lake: Path, tmp_path: Path) -> None:
    first = Gated(lake, tmp_path / "1", ADA_AND_BO)
    after = Gated(lake, tmp_path / "2", ADA, after=first.out)
    assert after.manifest.withheld_by_reason["author-objected"] == 1
    assert after.unaffected == 3


def test_a_second_objection_about_the_same_account_is_counted_as_a_full_run_counts_it(
    lake: Path, tmp_path: Path
) -> None:
    first = Gated(lake, tmp_path / "1")
    twice = list_of("lumen:ada", others=[replace(entry("lumen:ada"), entry_id=b"\xff" * 16)])
    after = Gated(lake, tmp_path / "2", twice, after=first.out)
    assert (after.unaffected, tree(after.out)) == (4, tree(Gated(lake, tmp_path / "full", twice).out))


def test_a_file_that_is_new_is_decided_about_and_one_that_is_gone_is_gone(lake: Path, tmp_path: Path) -> None:
    first = Gated(lake, tmp_path / "1")
    (lake / "cy.jsonl").unlink()
    write_parquet(lake / "new.parquet", [row(author_account="lumen:ada")])
    after = Gated(lake, tmp_path / "2", after=first.out)
    assert tree(after.out) == tree(Gated(lake, tmp_path / "full").out)
    assert after.unaffected == 3


def test_an_input_with_other_rows_than_noted_is_decided_about_anew(lake: Path, tmp_path: Path) -> None:
    first = Gated(lake, tmp_path / "1")
    before = (lake / "ada.parquet").stat()
    write_parquet(lake / "ada.parquet", [row(author_account="lumen:ada", record_id="x"), row(record_id="r2")])
    os.utime(lake / "ada.parquet", ns=(before.st_atime_ns, before.st_mtime_ns))
    after = Gated(lake, tmp_path / "2", after=first.out)
    assert tree(after.out) == tree(Gated(lake, tmp_path / "full").out)
    assert after.unaffected == 3


def test_an_input_that_changes_while_it_is_hashed_ends_the_run(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Gated(lake, tmp_path / "1")

    def change(raw: bytes, *rest: object) -> object:
        write_parquet(lake / "ada.parquet", [row(author_account="lumen:ada")])
        return load_note(raw, *rest)  # type: ignore[arg-type]

    load_note = noted_accounts.load_note
    monkeypatch.setattr("demur.gate.earlier_output.load_note", change)
    with pytest.raises(InputChangedError):
        Gated(lake, tmp_path / "2", after=first.out)
    assert not (tmp_path / "2").exists()


def _add_a_row(path: Path) -> None:
    path.unlink()
    write_parquet(path, [row(author_account="lumen:ada"), row(record_id="r2")])


def _say_that_nobody_is_there(path: Path) -> None:
    note = pq.read_table(path)
    path.unlink()
    pq.write_table(note.slice(0, 0), path)


def _cut(path: Path) -> None:
    raw = path.read_bytes()
    path.unlink()
    path.write_bytes(raw[:-1])


def _link_elsewhere(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [_add_a_row, _cut, _link_elsewhere, _make_a_folder, Path.unlink])
@pytest.mark.parametrize("part", ["kept/ada.parquet", "withheld/ada.parquet", "accounts/ada.parquet.parquet"])
def test_an_earlier_file_that_is_not_what_its_manifest_names_is_made_anew(
    part: str, harm: Callable[[Path], None], lake: Path, tmp_path: Path
) -> None:
    first = Gated(lake, tmp_path / "1", mode=GateMode.REWRITE)
    harm(first.out / part)
    after = Gated(lake, tmp_path / "2", after=first.out, mode=GateMode.REWRITE)
    assert tree(after.out) == tree(Gated(lake, tmp_path / "full", mode=GateMode.REWRITE).out)
    assert after.unaffected in {3, 4}  # a link to the very bytes that a note had is as good as they are
    assert not any(path.is_symlink() for path in after.out.rglob("*"))


def test_a_note_that_hides_an_account_is_not_believed(lake: Path, tmp_path: Path) -> None:
    first = Gated(lake, tmp_path / "1")
    _say_that_nobody_is_there(first.out / "accounts/deep/bo.parquet.parquet")
    after = Gated(lake, tmp_path / "2", ADA_AND_BO, after=first.out)
    assert after.manifest.withheld_by_reason["author-objected"] == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": GateMode.REWRITE},
        {"of": mapping(WITHOUT_TEXT + "# a comment\n")},
        {"catalogue": catalogue_of((Kind.POST, "lumen", Audience.PUBLIC))},
        {"signer": Signer("lumen.example/gate", b"\x09" * 32)},
    ],
)
def test_an_output_that_was_decided_or_signed_otherwise_is_refused(
    changes: dict[str, object], lake: Path, tmp_path: Path
) -> None:
    if "catalogue" in changes:
        changes["of"] = mapping(WITHOUT_TEXT + "product: author_account\n")
    first = Gated(lake, tmp_path / "1")
    with pytest.raises(EarlierOutputError, match='taken over from "1"') as refused:
        Gated(lake, tmp_path / "2", after=first.out, **changes)  # type: ignore[arg-type]
    assert "--after" in (refused.value.hint or "")
    assert not (tmp_path / "2").exists()


def test_rules_that_were_others_are_refused(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Gated(lake, tmp_path / "1")
    monkeypatch.setattr("demur.gate.rules.author_objected.VERSION", 99)
    with pytest.raises(EarlierOutputError, match="another rules"):
        Gated(lake, tmp_path / "2", after=first.out)


def test_notes_that_another_version_wrote_are_not_read(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Gated(lake, tmp_path / "1")
    monkeypatch.setattr("demur.gate.noted_accounts.writer_versions", lambda: {"demur": "another"})
    assert Gated(lake, tmp_path / "2", after=first.out).unaffected == 0


def test_an_output_without_notes_is_refused(lake: Path, tmp_path: Path) -> None:
    first = Gated(lake, tmp_path / "1", notes_accounts=False)
    with pytest.raises(EarlierOutputError, match="no accounts were noted"):
        Gated(lake, tmp_path / "2", after=first.out)


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_that_is_no_output_is_refused(there: bool, lake: Path, tmp_path: Path) -> None:  # noqa: FBT001
    if there:
        (tmp_path / "1").mkdir()
        (tmp_path / "1" / "manifest.note").write_text("signed by nobody")
    with pytest.raises(EarlierOutputError, match="no manifest"):
        Gated(lake, tmp_path / "2", after=tmp_path / "1")


def test_texts_cannot_be_noted(lake: Path, tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="without text"):
        Gated(lake, tmp_path / "1", of=mapping())


def test_a_table_cannot_be_noted(tmp_path: Path) -> None:
    deltalake = pytest.importorskip("deltalake")
    deltalake.write_deltalake(tmp_path / "table", pa.Table.from_pylist([row()], SCHEMA))
    with pytest.raises(UnreadableInputError, match="plain files"):
        Gated(tmp_path / "table", tmp_path / "1")


COLUMNS: Sequence[tuple[str, pa.DataType]] = [
    ("dictionary", pa.dictionary(pa.int32(), pa.string())),
    ("large", pa.large_string()),
]


@pytest.mark.parametrize(("name", "of"), COLUMNS, ids=[name for name, _ in COLUMNS])
def test_accounts_are_noted_with_their_namespace_once_each(name: str, of: pa.DataType, tmp_path: Path) -> None:
    del name
    fields = {"author_account": of, "tagged_accounts": pa.list_(of)}
    schema = pa.schema([pa.field(field.name, fields.get(field.name, field.type)) for field in SCHEMA])
    bare = WITHOUT_TEXT.replace(
        "author_account: author_account", "author_account:\n  column: author_account\n  namespace: lumen"
    )
    rows = [
        row(author_account="cy", tagged_accounts=["tilde:ada", "tilde:ada"]),
        row(author_account="cy", tagged_accounts=["lumen:cy", "not an account"]),
        row(author_account=None, tagged_accounts=None),
    ]
    (tmp_path / "lake").mkdir()
    pq.write_table(pa.Table.from_pylist(rows, schema), tmp_path / "lake/a.parquet")
    gated = Gated(tmp_path / "lake", tmp_path / "1", list_of("tilde:ada"), of=mapping(bare))
    note = pq.read_table(gated.out / "accounts/a.parquet.parquet")
    assert note.to_pylist() == [
        {"account": "lumen:cy", "withheld_rows": 0},
        {"account": "tilde:ada", "withheld_rows": 1},
    ]


def test_without_a_column_of_tagged_people_authors_are_noted(tmp_path: Path) -> None:
    nobody = WITHOUT_TEXT.replace("tagged_accounts: tagged_accounts", "tagged_accounts: none")
    write_parquet(tmp_path / "lake/a.parquet", [row(tagged_accounts=["lumen:ada"])])
    gated = Gated(tmp_path / "lake", tmp_path / "1", of=mapping(nobody))
    assert pq.read_table(gated.out / "accounts/a.parquet.parquet")["account"].to_pylist() == ["lumen:cy"]


def test_many_accounts_are_gathered_without_doubles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noted_accounts, "_WAITING_VALUES", 2)
    rows = [row(record_id=f"{at}", author_account=f"lumen:{at % 7}") for at in range(40)]
    write_parquet(tmp_path / "lake/a.parquet", rows, row_group_size=3)
    gated = Gated(tmp_path / "lake", tmp_path / "1")
    assert pq.read_table(gated.out / "accounts/a.parquet.parquet")["account"].to_pylist() == [
        f"lumen:{at}" for at in range(7)
    ]

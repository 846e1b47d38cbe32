"""The live check: the same answer as a run over a lake, and no whenever it cannot be given."""

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from gate_world import LIST_KEY, LIST_SIGNER, MAPPING, batch_of, catalogue_of, entry, header, lake_rows, mapping, row
from hypothesis import given, settings
from hypothesis import strategies as st

from demur.controller.catalogue import Audience, Kind
from demur.core.note import Signer
from demur.core.suppression_list import seal_list
from demur.gate.decision import decide
from demur.gate.errors import MappingError
from demur.gate.followed_list import FollowedList, ListRefusal
from demur.gate.live import Answer, Gate
from demur.gate.mapped_batch import ROLE_TYPES, Role
from demur.gate.suppression_list import SuppressionList, encode_entries, load_suppression_list

SECONDS = 20


def list_bytes(*accounts: str, number: int = 7, hours: int = 1, signer: Signer = LIST_SIGNER) -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    dates = {"issued_at": now - timedelta(hours=30), "expires_at": now + timedelta(hours=hours)}
    entries = [entry(account) for account in accounts]
    return seal_list(header(len(entries), number=number, **dates), encode_entries(entries), LIST_KEY, signer)


def publish(path: Path, raw: bytes) -> None:
    """Put a list under its name as a publisher does."""
    path.with_suffix(".new").write_bytes(raw)
    path.with_suffix(".new").replace(path)


def open_gate(path: Path, text: str = MAPPING, **more: object) -> Gate:
    return Gate(mapping(text), path, LIST_SIGNER.verifier_key, LIST_KEY, look_every_seconds=0, **more)  # type: ignore[arg-type]


def wait_until(holds: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < give_up_at, "it did not come about"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a list is in which Ada objects."""
    path = tmp_path / "latest.list"
    publish(path, list_bytes("lumen:ada"))
    return path


def test_a_record_is_kept_or_withheld_with_every_reason(path: Path) -> None:
    gate = open_gate(path)
    assert gate.check(row()) == Answer((), 7)
    assert gate.check(row()).kept
    answer = gate.check(row(author_account="lumen:ada", kind="dm"))
    assert answer.reasons == ("private-message", "author-objected")
    assert not answer.kept


def test_an_answer_is_true_only_if_the_record_may_train(path: Path) -> None:
    """Whoever writes `if gate.check(record):` must not log what is withheld."""
    gate = open_gate(path)
    assert gate.check(row())
    assert not gate.check(row(author_account="lumen:ada"))


def test_the_answers_are_those_of_a_run(path: Path) -> None:
    rows = lake_rows(500)
    found = load_suppression_list(path.read_bytes(), LIST_SIGNER.verifier_key, LIST_KEY, datetime.now(UTC))
    decision = decide(batch_of(*rows), mapping(), found)
    answers = open_gate(path).check_many(rows)
    assert [answer.kept for answer in answers] == decision.kept_mask.tolist()
    assert [list(answer.reasons) for answer in answers if not answer] == decision.withheld_reasons().to_pylist()
    assert 0 < np.count_nonzero(decision.kept_mask) < 500


def test_the_catalogue_counts(path: Path) -> None:
    trained = catalogue_of((Kind.POST, "agora", Audience.PUBLIC))
    gate = open_gate(path, f"{MAPPING}product: product\n", catalogue=trained)
    assert gate.check(row(product="agora"))
    assert gate.check(row(product="muse")).reasons == ("not-in-catalogue",)
    assert gate.check(row()).reasons == ("field-missing:product", "not-in-catalogue")
    with pytest.raises(MappingError):
        open_gate(path, catalogue=trained)


def test_bare_ids_and_no_tags_are_read_as_the_mapping_says(path: Path) -> None:
    text = MAPPING.replace("author_account: author_account", "author_account: {column: by, namespace: lumen}")
    gate = open_gate(path, text.replace("tagged_accounts: tagged_accounts", "tagged_accounts: none"))
    record = {name: value for name, value in row().items() if name not in {"author_account", "tagged_accounts"}}
    assert gate.check({**record, "by": "cy"})
    assert gate.check({**record, "by": "ada"}).reasons == ("author-objected",)


@pytest.mark.parametrize("field", sorted(row()))
def test_a_record_without_a_field_is_withheld(field: str, path: Path) -> None:
    role = {"record_id": "row_id"}.get(field, field)
    record = {name: value for name, value in row().items() if name != field}
    answer = open_gate(path).check(record)
    assert not answer
    assert f"field-missing:{role}" in answer.reasons


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("record_id", 1.5),
        ("record_id", True),
        ("kind", 1),
        ("kind", b"post"),
        ("audience", ["public"]),
        ("author_account", {"id": "lumen:cy"}),
        ("author_account", "lumen:\ud800"),
        ("author_is_minor", 0),
        ("author_is_minor", "false"),
        ("tagged_accounts", "lumen:cy"),
        ("tagged_accounts", [1]),
        ("tagged_accounts", {"lumen:cy": 1}),
        ("text", 5),
        ("text", "\udfff"),
    ],
)
def test_a_field_of_another_type_withholds(field: str, value: object, path: Path) -> None:
    role = {"record_id": "row_id"}.get(field, field)
    answer = open_gate(path).check(row(**{field: value}))
    assert not answer
    assert f"field-mistyped:{role}" in answer.reasons


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("record_id", "field-missing:row_id"),
        ("kind", "unknown-kind"),
        ("audience", "audience-missing"),
        ("author_account", "author-missing"),
        ("author_is_minor", "minority-unknown"),
        ("tagged_accounts", "tagged-unreadable"),
    ],
)
def test_a_null_withholds(field: str, reason: str, path: Path) -> None:
    assert open_gate(path).check(row(**{field: None})).reasons == (reason,)


@pytest.mark.parametrize("record", [None, 1, "post", [], [("kind", "post")], row().items()])
def test_what_is_no_record_is_withheld(record: object, path: Path) -> None:
    assert open_gate(path).check(record).reasons == ("record-unreadable",)


def test_a_number_is_a_row_id_and_a_field_that_no_rule_reads_may_be_anything(path: Path) -> None:
    gate = open_gate(path, f"{MAPPING}language: language\n")
    assert gate.check(row(record_id=5, language={"written": ["nl"]}))
    assert gate.check(row()).reasons == ("field-missing:language",)


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.just("lumen:ada")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.one_of(ANYTHING, st.dictionaries(st.sampled_from(sorted(row())), ANYTHING)), max_size=8))
def test_no_record_raises_or_changes_its_neighbours_answer(
    changes: list[object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "property.list"
    if not path.exists():
        publish(path, list_bytes("lumen:ada"))
    odd = [row(**each) if isinstance(each, dict) and set(each) <= set(row()) else each for each in changes]
    gate = open_gate(path)
    answers = gate.check_many([row(), *odd, row(author_account="lumen:ada")])
    assert answers == [gate.check(row()), *(gate.check(each) for each in odd), Answer(("author-objected",), 7)]
    assert answers[0].kept


def test_every_role_that_a_rule_reads_can_be_checked_live(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """A rule that reads a role of which live records know nothing would see nulls, and could let them through."""
    every_role = "".join(f"{role}: {role}\n" for role in ("product", "image", "created_at", "language"))
    assert open_gate(path, f"{MAPPING}{every_role}")
    monkeypatch.setitem(ROLE_TYPES, "language", ROLE_TYPES[Role.KIND])
    with pytest.raises(MappingError, match="language"):
        open_gate(path, f"{MAPPING}language: language\n")


def test_images_by_paths_that_begin_nowhere_are_refused_at_once(path: Path) -> None:
    """Else every answer would be no, for the reason that the list cannot be read."""
    with pytest.raises(MappingError, match="no file beside which its images could be"):
        open_gate(path, f"{MAPPING}image: {{column: img, holds: path}}\n")


def test_no_records_have_no_answers(path: Path) -> None:
    assert open_gate(path).check_many([]) == []


def test_a_published_list_counts_without_a_restart(path: Path) -> None:
    gate = open_gate(path)
    assert gate.check(row())
    publish(path, list_bytes("lumen:ada", "lumen:cy", number=8))
    wait_until(lambda: gate.check(row()) == Answer(("author-objected",), 8))


def test_a_folder_of_lists_is_followed(tmp_path: Path) -> None:
    (tmp_path / "7.list").write_bytes(list_bytes("lumen:ada"))
    (tmp_path / "8.list").write_bytes(list_bytes("lumen:cy", number=8))
    (tmp_path / "latest.list").symlink_to("7.list")
    gate = open_gate(tmp_path)
    assert gate.check(row())
    (tmp_path / "next").symlink_to("8.list")
    (tmp_path / "next").replace(tmp_path / "latest.list")
    wait_until(lambda: gate.check(row()) == Answer(("author-objected",), 8))


def test_between_two_looks_the_file_is_left_alone(path: Path) -> None:
    gate = Gate(mapping(), path, LIST_SIGNER.verifier_key, LIST_KEY, look_every_seconds=3600)
    path.unlink()
    assert gate.check(row())


def test_after_a_quiet_hour_nobody_is_answered_by_the_list_of_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = threading.Event(), threading.Event()
    go_on.set()

    def warm(_found: SuppressionList) -> None:
        reading.set()
        assert go_on.wait(SECONDS)

    followed = FollowedList(path, LIST_SIGNER.verifier_key, LIST_KEY, warm, 0)
    monkeypatch.setattr("demur.gate.followed_list._IDLE_SECONDS", -1)
    assert number_of(followed) == 7
    reading.clear()
    go_on.clear()
    publish(path, list_bytes("lumen:cy", number=8))
    found: list[int] = []
    asking = [threading.Thread(target=lambda: found.append(number_of(followed))) for _ in range(4)]
    asking[0].start()
    assert reading.wait(SECONDS)
    for other in asking[1:]:
        other.start()
    go_on.set()
    for each in asking:
        each.join()
    assert found == [8] * 4


def test_while_a_new_list_is_read_the_one_before_it_answers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demur.gate.followed_list._IDLE_SECONDS", float("inf"))
    reading, go_on = threading.Event(), threading.Event()
    go_on.set()

    def warm(_found: SuppressionList) -> None:
        reading.set()
        assert go_on.wait(SECONDS)

    followed = FollowedList(path, LIST_SIGNER.verifier_key, LIST_KEY, warm, 0)
    reading.clear()
    go_on.clear()
    publish(path, list_bytes("lumen:cy", number=8))
    assert number_of(followed) == 7
    assert reading.wait(SECONDS)
    assert [number_of(followed) for _ in range(50)] == [7] * 50
    go_on.set()
    wait_until(lambda: number_of(followed) == 8)


def number_of(followed: FollowedList) -> int:
    found = followed.current()
    assert isinstance(found, SuppressionList)
    return found.header.number


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.unlink(), "list-missing"),
        (lambda path: publish(path, b"nothing"), "list-unreadable"),
        (lambda path: publish(path, path.read_bytes()[:-1]), "list-unverified"),
        (lambda path: publish(path, list_bytes(signer=Signer("lumen.example/list", b"\x09" * 32))), "list-unverified"),
        (lambda path: publish(path, list_bytes(number=8, hours=-1)), "list-expired"),
        (lambda path: publish(path, list_bytes(number=6)), "list-older"),
    ],
)
def test_a_list_that_does_not_hold_makes_every_answer_no_until_one_does(
    spoil: Callable[[Path], object], reason: str, path: Path
) -> None:
    gate = open_gate(path)
    assert gate.check(row())
    spoil(path)
    wait_until(lambda: gate.check(row()) == Answer((reason,), None))
    assert gate.check_many([row(), None]) == [Answer((reason,), None)] * 2
    publish(path, list_bytes(number=9))
    wait_until(lambda: gate.check(row()) == Answer((), 9))


def test_a_gate_opened_before_there_is_a_list_says_no_until_there_is(tmp_path: Path) -> None:
    gate = open_gate(tmp_path / "lists" / "latest.list")
    assert gate.check(row()).reasons == ("list-missing",)
    (tmp_path / "lists").mkdir()
    publish(tmp_path / "lists" / "latest.list", list_bytes())
    wait_until(lambda: gate.check(row()).kept)


def test_another_list_key_lets_nothing_through(path: Path) -> None:
    gate = Gate(mapping(), path, LIST_SIGNER.verifier_key, b"\x07" * 32)
    assert gate.check(row()).reasons == ("list-unverified",)


def test_a_list_ends_while_it_is_used(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, _zone: object) -> datetime:
            return datetime(2126, 1, 1, tzinfo=UTC)

    gate = open_gate(path)
    assert gate.check(row())
    monkeypatch.setattr("demur.gate.followed_list.datetime", Later)
    assert gate.check(row()).reasons == ("list-expired",)


def test_a_refused_list_is_tried_again_though_its_file_is_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock may have been wrong."""
    publish(path, list_bytes(hours=-1))
    monkeypatch.setattr("demur.gate.followed_list._RETRY_SECONDS", 0)
    gate = open_gate(path)
    assert gate.find_list() is ListRefusal.EXPIRED
    monkeypatch.setattr(
        "demur.gate.followed_list.load_suppression_list",
        lambda raw, key, list_key, _now: load_suppression_list(
            raw, key, list_key, datetime.now(UTC) - timedelta(hours=2)
        ),
    )
    monkeypatch.setattr("demur.gate.followed_list.check_current", lambda _header, _now: None)
    wait_until(lambda: gate.check(row()).kept)


def test_a_forked_process_follows_the_list_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment of a fork another thread may hold what nobody in the new process will let go."""
    gate, looking, go_on = open_gate(path), threading.Event(), threading.Event()
    look = Path.stat

    def hang(self: Path, **more: bool) -> os.stat_result:
        if not looking.is_set() and threading.current_thread() is other:
            looking.set()
            assert go_on.wait(SECONDS)
        return look(self, **more)

    other = threading.Thread(target=gate.check, args=(row(),))
    monkeypatch.setattr(Path, "stat", hang)
    other.start()
    assert looking.wait(SECONDS)
    monkeypatch.setattr("demur.gate.followed_list.os.getpid", lambda: -1)
    publish(path, list_bytes("lumen:cy", number=8))
    wait_until(lambda: gate.check(row()).list_number == 8)
    go_on.set()
    other.join()

"""Photos become entries of the list: whose, from when, and what a killed worker leaves of it."""

import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from docket_world import ADA, NOW, Mailbox, confirm, load_latest, run_tasks, worker_environment
from photo_case_world import (
    MANDATE,
    OTHER,
    PHOTO,
    PLAIN,
    SHOWS,
    a_draft,
    a_photo,
    confirm_with,
    counts,
    listed,
    value_of,
)

from demur.core.identifier import IdentifierKind, photo_hashes
from demur.core.objection import Capacity, CaseState
from demur.docket import publishing
from demur.docket.addition import Supplement
from demur.docket.duties import publish_list
from demur.docket.models import (
    MOST_HASHINGS,
    Case,
    ListWish,
    Photo,
)
from demur.docket.photo_hashing import hash_next
from demur.docket.photographs import MAX_PHOTOS
from demur.docket.selectors import PhotoCounts
from demur.docket.services import (
    add_information,
    erase_photos,
    lodge_objection,
    withdraw,
)
from demur.photos import reference
from demur.photos.errors import PhotoTooSlowError, UnreadablePhotoError
from demur.photos.reference import reference_hashes

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def test_photo_of_a_confirmed_case_is_listed_with_the_hashes_of_its_copies(home: Path) -> None:
    case = confirm_with(PHOTO)
    assert counts(case) == PhotoCounts(1, 0, 0, 0, 0)
    assert counts(case).pending == 1
    run_tasks()
    assert listed(home) == [value_of(PHOTO)]
    assert len(photo_hashes(listed(home)[0])) == 32 * len(reference_hashes(PHOTO.jpeg))
    assert counts(case) == PhotoCounts(1, 0, 1, 0, 0)
    assert counts(case).pending == 0


def test_entry_bears_the_name_that_the_photo_had_as_a_draft_and_the_instant_of_the_code(home: Path) -> None:
    draft = a_draft(PHOTO)
    entry_id = bytes(Photo.objects.get().entry_id)
    confirm(replace(ADA, capacity=Capacity.NO_ACCOUNT, draft_token=draft))
    run_tasks()
    photo = Photo.objects.get()
    assert (bytes(photo.entry_id), len(entry_id)) == (entry_id, 16)
    newest = load_latest(home)
    _, [place] = newest.values(IdentifierKind.PHOTO)
    assert newest.entry_ids[int(place)].as_py() == entry_id


def test_photo_of_an_unconfirmed_case_is_never_hashed_nor_listed(home: Path) -> None:
    lodge_objection(replace(ADA, capacity=Capacity.NO_ACCOUNT, draft_token=a_draft(PHOTO)), NOW)
    a_draft(OTHER)
    run_tasks()
    assert listed(home) == []
    assert not Photo.objects.exclude(hashes=None).exists()


def test_photo_of_a_mandate_never_becomes_an_entry(home: Path) -> None:
    case = confirm(
        replace(
            ADA,
            capacity=Capacity.AUTHORISED_AGENT,
            representative_name="Bea",
            draft_token=a_draft(PHOTO, purpose=MANDATE),
        )
    )
    run_tasks()
    assert listed(home) == []
    assert Photo.objects.get().hashes is None
    assert counts(case) == PhotoCounts(0, 1, 0, 0, 0)
    Photo.objects.update(hashes=b"x" * 32)  # whatever a slip puts there
    publish_list(NOW + DAY)
    assert listed(home) == []


def test_hashes_of_a_case_that_is_not_in_force_are_not_listed(home: Path) -> None:
    case = confirm_with(PHOTO)
    run_tasks()
    Case.objects.filter(reference=case.reference).update(state=CaseState.LODGED)
    publish_list(NOW + DAY)
    assert listed(home) == []


def test_photo_of_a_withdrawn_case_leaves_with_the_next_list_and_its_row_goes(home: Path) -> None:
    case = confirm_with(PHOTO)
    run_tasks()
    withdraw(case.status_token, NOW)
    publish_list(NOW)
    assert listed(home) == []
    run_tasks()
    erase_photos(NOW)
    assert not Photo.objects.exists()


def test_photo_of_a_case_that_was_withdrawn_before_it_was_hashed_is_not_looked_at(home: Path) -> None:
    case = confirm_with(PHOTO)
    withdraw(case.status_token, NOW)
    assert not hash_next()
    assert Photo.objects.get().hashes is None


def test_photo_that_is_erased_while_it_is_hashed_does_not_come_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm_with(PHOTO)
    publish_list(NOW)

    def erase_and_hash(raw: bytes) -> object:
        Photo.objects.all().delete()
        return reference_hashes(raw)

    monkeypatch.setattr(reference, "reference_hashes", erase_and_hash)
    assert hash_next()
    assert not Photo.objects.exists()
    assert Case.objects.get().list_wish == ListWish.NONE


def test_ten_photos_of_a_case_are_ten_entries(home: Path) -> None:
    photos = [a_photo(seed) for seed in range(MAX_PHOTOS)]
    case = confirm_with(*photos)
    run_tasks()
    assert listed(home) == sorted(map(value_of, photos))
    assert counts(case).looked_for == MAX_PHOTOS


def test_same_photo_in_two_cases_is_two_entries_of_one_value_and_stays_when_one_is_withdrawn(home: Path) -> None:
    first, _ = confirm_with(PHOTO, PHOTO), confirm_with(PHOTO, email="cy@mail.example")
    run_tasks()
    assert listed(home) == [value_of(PHOTO)] * 3
    withdraw(first.status_token, NOW)
    publish_list(NOW)
    assert listed(home) == [value_of(PHOTO)]


def test_photo_that_is_added_later_wishes_for_a_list_of_its_own(home: Path) -> None:
    case = confirm_with(PHOTO)
    run_tasks()
    add_information(case.status_token, Supplement(photos=((OTHER, SHOWS),)), NOW)
    publish_list(NOW)
    assert not publishing.is_due(NOW)
    assert hash_next()
    assert publishing.is_due(NOW)
    publish_list(NOW)
    assert listed(home) == sorted([value_of(PHOTO), value_of(OTHER)])


def test_plain_photo_is_told_as_one_that_cannot_be_recognised_and_is_looked_at_once(home: Path) -> None:
    case = confirm_with(PLAIN, PHOTO)
    run_tasks()
    assert listed(home) == [value_of(PHOTO)]
    assert counts(case) == PhotoCounts(2, 0, 1, 1, 0)
    assert not hash_next()
    assert set(Photo.objects.values_list("hashings", flat=True)) == {1}


def test_photo_that_cannot_be_unsealed_is_given_up_at_once_and_keeps_no_other_from_its_turn(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = confirm_with(OTHER, PHOTO)
    first = Photo.objects.order_by("pk")[0]
    Photo.objects.filter(pk=first.pk).update(sealed_jpeg=b"changed" * 10)
    run_tasks()
    assert listed(home) == [value_of(PHOTO)]
    assert counts(case) == PhotoCounts(2, 0, 1, 0, 1)
    [told] = [record.message for record in caplog.records if record.name == "demur.docket.photo_hashing"]
    assert told == f"photo {first.pk} could not be hashed, so copies of it are not found: UnsealError"


@pytest.mark.parametrize(("error", "tries"), [(UnreadablePhotoError, 1), (PhotoTooSlowError, MOST_HASHINGS)])
def test_photo_that_cannot_be_read_is_not_tried_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception], tries: int
) -> None:
    tried = []

    def refuse(raw: bytes) -> None:
        tried.append(raw)
        raise error("of 4096 pixels")

    monkeypatch.setattr(reference, "reference_hashes", refuse)
    case = confirm_with(PHOTO)
    run_tasks()
    assert len(tried) == tries
    assert counts(case).given_up == 1


KILLED_AT_A_PHOTO = """
import os, signal

import django

django.setup()
from demur.docket.photo_hashing import hash_next
from demur.photos import reference

if {at} == "hashing":
    reference.reference_hashes = lambda raw: os.kill(os.getpid(), signal.SIGKILL)
else:
    from demur.docket.models import Case
    Case.objects.filter = lambda **_: os.kill(os.getpid(), signal.SIGKILL)
hash_next()
"""


@pytest.mark.parametrize("at", ["hashing", "wishing for a list"])
def test_kill_during_a_photo_repeats_that_photo_and_loses_nothing(home: Path, mailbox: Mailbox, at: str) -> None:
    confirm_with(PHOTO, OTHER)
    publish_list(NOW)
    command = [sys.executable, "-c", KILLED_AT_A_PHOTO.format(at=repr(at))]
    ended = subprocess.run(command, env=worker_environment(home), check=False)
    assert ended.returncode == -signal.SIGKILL
    assert list(Photo.objects.order_by("pk").values_list("hashes", "hashings")) == [(None, 1), (None, 0)]
    assert Case.objects.get().list_wish == ListWish.NONE
    run_tasks()
    assert listed(home) == sorted([value_of(PHOTO), value_of(OTHER)])
    assert list(Photo.objects.order_by("pk").values_list("hashings", flat=True)) == [2, 1]


def test_kill_between_hashing_and_publishing_leaves_the_wish_for_a_list(home: Path) -> None:
    confirm_with(PHOTO)
    publish_list(NOW)
    hash_next()
    assert publishing.is_due(NOW)  # all that a worker knows that begins anew
    run_tasks()
    assert listed(home) == [value_of(PHOTO)]


def test_photo_during_which_the_worker_was_killed_waits_for_those_that_were_begun_less_often(home: Path) -> None:
    confirm_with(OTHER, PHOTO)
    first, _ = Photo.objects.order_by("pk")
    Photo.objects.filter(pk=first.pk).update(hashings=1)
    assert hash_next()
    assert [photo.hashes is None for photo in Photo.objects.order_by("pk")] == [True, False]
    assert hash_next()
    assert not Photo.objects.filter(hashes=None).exists()


def test_photo_at_which_the_worker_dies_each_time_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(_raw: bytes) -> None:
        raise SystemExit

    monkeypatch.setattr(reference, "reference_hashes", die)
    case = confirm_with(PHOTO)
    for _ in range(MOST_HASHINGS):
        with pytest.raises(SystemExit):
            hash_next()
    assert not hash_next()
    assert counts(case) == PhotoCounts(1, 0, 0, 0, 1)


def test_worker_loads_nothing_of_numba_before_there_is_a_photo(home: Path, mailbox: Mailbox) -> None:
    script = """
import sys

import django

django.setup()
from demur.docket import worker

[duty] = [duty for duty in worker.all_duties() if duty.name == "hashing photos"]
print(duty.act(None), "numba" in sys.modules, "simplejpeg" in sys.modules)
"""
    command, environment = [sys.executable, "-c", script], worker_environment(home)
    told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["False", "False", "False"]

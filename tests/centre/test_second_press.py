"""A double click, or an impatient second press: one sending of the form is one objection, whatever the browser does."""

import pytest
from centre_world import csrf_token, submit
from django.http import HttpResponse
from django.test import Client
from objecting_world import FILLED, FORMS, photo

from demur.centre.meaning import Meaning
from demur.core.objection import CaseState
from demur.docket.models import Case, Draft, Mail
from demur.docket.photo_store import add_photo

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("photos", [0, 2])
def test_a_second_press_of_the_same_form_leads_to_the_same_code_page(ada: Client, photos: int) -> None:
    token = csrf_token(ada, FORMS[Meaning.OTHERS])
    pages = set()
    for _press in range(3):
        sent = {**FILLED[Meaning.OTHERS], "csrfmiddlewaretoken": token, "photos": [photo() for _ in range(photos)]}
        pages.add(ada.post(FORMS[Meaning.OTHERS], sent).headers["Location"])
    [code_page] = pages
    assert ada.get(code_page).status_code == 200
    assert Case.objects.get().photos.count() == photos
    assert Mail.objects.count() == 1
    assert not Draft.objects.exists()


@pytest.mark.parametrize("change", [{"email": "ada.lisbon@people.example"}, {"effect": "Else."}, {"photos": "another"}])
def test_who_goes_back_and_changes_something_sends_another_objection(ada: Client, change: dict[str, str]) -> None:
    token = csrf_token(ada, FORMS[Meaning.OTHERS])
    changed = {name: photo() if name == "photos" else value for name, value in change.items()}
    for sent in ({}, changed):
        ada.post(FORMS[Meaning.OTHERS], {**FILLED[Meaning.OTHERS], "csrfmiddlewaretoken": token, **sent})
    assert Case.objects.count() == 2


def test_after_a_withdrawal_the_same_form_is_a_new_objection_with_its_photos(ada: Client) -> None:
    token = csrf_token(ada, FORMS[Meaning.OTHERS])
    for _press in range(2):
        sent = {**FILLED[Meaning.OTHERS], "csrfmiddlewaretoken": token, "photos": photo()}
        assert ada.post(FORMS[Meaning.OTHERS], sent).status_code == 302
        Case.objects.update(state=CaseState.WITHDRAWN)
    assert [case.photos.count() for case in Case.objects.all()] == [1, 1]


def test_who_knows_what_ada_typed_is_not_led_to_her_code_page(ada: Client, cy: Client) -> None:
    pages = {submit(client, FORMS[Meaning.OWN], **FILLED[Meaning.OWN]).headers["Location"] for client in (ada, cy)}
    assert len(pages) == 2


def test_a_second_press_that_waits_while_the_first_takes_the_photos_leads_to_its_code_page(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = csrf_token(ada, FORMS[Meaning.OTHERS])

    def press() -> HttpResponse:
        sent = {**FILLED[Meaning.OTHERS], "csrfmiddlewaretoken": token, "photos": photo()}
        return ada.post(FORMS[Meaning.OTHERS], sent)

    firsts = []

    def add_when_the_first_is_through(*args: object) -> None:
        monkeypatch.undo()
        firsts.append(press())
        Draft.objects.all().delete()
        add_photo(*args)

    monkeypatch.setattr("demur.centre.form_visit.add_photo", add_when_the_first_is_through)
    second = press()
    assert second.headers["Location"] == firsts[0].headers["Location"]
    assert Case.objects.get().photos.count() == 1
    assert not Draft.objects.exists()

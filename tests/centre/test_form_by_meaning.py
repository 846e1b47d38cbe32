"""The form of each meaning: only its own fields, what it must not lose, and what it offers instead of a blank page."""

import re
from pathlib import Path

import pytest
from centre_world import ADA_EMAIL, csrf_token, submit
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from objecting_world import FILLED, FORMS, START, ask_reasons_as_the_law_does, photo, sign_in

from demur.centre.forms.objection import FORMS as FORM_CLASSES
from demur.centre.grounds import GROUNDS, add_grounds
from demur.centre.meaning import Meaning
from demur.core.identifier import IdentifierKind, Standing
from demur.docket.lodging import MAX_LINKS
from demur.docket.models import Case, CaseIdentifier, Draft, Photo, PhotoPurpose
from demur.docket.photo_store import add_photo

pytestmark = pytest.mark.django_db

RECOGNISED = [Meaning.OTHERS, Meaning.CHILD, Meaning.AGENT]


@pytest.mark.parametrize("meaning", Meaning)
def test_each_form_is_taken_in_the_capacity_that_it_means(ada: Client, meaning: Meaning) -> None:
    assert "/code/" in submit(ada, FORMS[meaning], **FILLED[meaning]).headers["Location"]
    case = Case.objects.get()
    assert case.capacity == meaning.capacity
    assert case.representative_name == FILLED[meaning].get("representative_name", "")
    assert case.links == ([FILLED[meaning]["links"]] if "links" in FILLED[meaning] else [])


def test_an_own_account_is_not_asked_for_names_links_or_photos(ada: Client) -> None:
    text = ada.get(FORMS[Meaning.OWN]).text
    for field in ("name", "links", "photos", "mandate", "representative_name"):
        assert f'name="{field}"' not in text


@pytest.mark.parametrize("meaning", RECOGNISED)
def test_one_thing_to_recognise_a_person_by_is_asked_for_and_said_before(ada: Client, meaning: Meaning) -> None:
    text = ada.get(FORMS[meaning]).text
    assert text.index("At least one of the next four is needed") < text.index('name="name"')
    nothing = {**FILLED[meaning], "name": "", "handles": "", "links": ""}
    answer = submit(ada, FORMS[meaning], **nothing)
    assert answer.status_code == 422
    assert "Give at least one of these" in answer.text
    assert not Case.objects.exists()


@pytest.mark.parametrize("meaning", RECOGNISED)
@pytest.mark.parametrize("means", [{"name": "Ada"}, {"handles": "@ada"}, {"links": "lumen.example/p/1"}, {"photos": 1}])
def test_any_one_of_them_is_enough(ada: Client, meaning: Meaning, means: dict[str, object]) -> None:
    nothing = {**FILLED[meaning], "name": "", "handles": "", "links": ""}
    given = {name: photo() if name == "photos" else value for name, value in means.items()}
    assert submit(ada, FORMS[meaning], **{**nothing, **given}).status_code == 302


def test_a_wrong_handle_is_not_also_called_missing(ada: Client) -> None:
    answer = submit(ada, FORMS[Meaning.OTHERS], country="PT", email=ADA_EMAIL, name="", handles="Ada of Lisbon")
    assert "Entry 1 is not a handle" in answer.text
    assert "Give at least one of these" not in answer.text


@pytest.mark.parametrize("meaning", [Meaning.CHILD, Meaning.AGENT])
def test_who_writes_for_somebody_gives_their_own_name(ada: Client, meaning: Meaning) -> None:
    answer = submit(ada, FORMS[meaning], **{**FILLED[meaning], "representative_name": ""})
    assert "Write your own name" in answer.text


def test_the_mandate_can_follow_and_is_kept_apart_from_photos_of_the_person(ada: Client) -> None:
    assert "It can follow later" in ada.get(FORMS[Meaning.AGENT]).text
    submit(ada, FORMS[Meaning.AGENT], **{**FILLED[Meaning.AGENT], "mandate": photo(), "photos": photo()})
    assert set(Photo.objects.values_list("purpose", "case")) == {
        (PhotoPurpose.MANDATE, Case.objects.get().pk),
        (PhotoPurpose.SHOWS_PERSON, Case.objects.get().pk),
    }
    assert not Draft.objects.exists()


def test_a_mandate_alone_recognises_nobody(ada: Client) -> None:
    answer = submit(ada, FORMS[Meaning.AGENT], **{**FILLED[Meaning.AGENT], "links": "", "mandate": photo()})
    assert "Give at least one of these" in answer.text


def test_photos_outlive_an_error_are_shown_as_kept_and_can_be_removed(ada: Client) -> None:
    form, filled = FORMS[Meaning.OTHERS], FILLED[Meaning.OTHERS]
    wrong = submit(ada, form, **{**filled, "email": "ada", "photos": photo()})
    assert wrong.text.count("is kept (") == 1
    second = submit(ada, form, **{**filled, "email": "ada", "photos": photo()})
    assert second.text.count("is kept (") == 2
    (first, _second) = Photo.objects.order_by("pk")
    removed = submit(ada, form, **{**filled, "email": "ada", "do": f"remove:{first.pk}"})
    assert removed.status_code == 200
    assert removed.text.count("is kept (") == 1
    assert 'value="ada"' in removed.text
    assert submit(ada, form, **filled).status_code == 302
    assert Case.objects.get().photos.count() == 1


def test_photos_beyond_the_limit_are_told_and_those_within_are_kept(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demur.docket.photo_store.MAX_PHOTOS", 1)
    token = csrf_token(ada, FORMS[Meaning.OTHERS])
    sent = {**FILLED[Meaning.OTHERS], "csrfmiddlewaretoken": token, "photos": [photo(), photo()]}
    answer = ada.post(FORMS[Meaning.OTHERS], sent)
    assert answer.status_code == 422
    assert "Those beyond it were not kept" in answer.text
    assert answer.text.count("is kept (") == 1
    assert not Case.objects.exists()


def test_a_draft_without_a_country_is_kept_all_the_same(ada: Client) -> None:
    answer = submit(ada, FORMS[Meaning.OWN], country="", email="ada", do="grounds")
    assert answer.status_code == 422
    assert "country" not in answer.cookies
    assert 'value="ada"' in ada.get(FORMS[Meaning.OWN]).text


def test_a_photo_kept_before_is_enough_to_recognise_somebody_by(ada: Client) -> None:
    nothing = {"country": "PT", "email": "ada", "name": "", "handles": "", "links": ""}
    submit(ada, FORMS[Meaning.OTHERS], **{**nothing, "photos": photo()})
    assert submit(ada, FORMS[Meaning.OTHERS], **{**nothing, "email": ADA_EMAIL}).status_code == 302


def test_a_stranger_removes_nobodys_photo(ada: Client, cy: Client) -> None:
    submit(ada, FORMS[Meaning.OTHERS], **{**FILLED[Meaning.OTHERS], "email": "ada", "photos": photo()})
    submit(cy, FORMS[Meaning.OTHERS], do=f"remove:{Photo.objects.get().pk}")
    assert Photo.objects.count() == 1


@pytest.mark.parametrize("do", ["remove:", "remove:x", "remove:-1", "remove:" + "9" * 50, "remove:\u0661", "remove"])
def test_an_odd_number_of_a_photo_removes_nothing_and_breaks_nothing(cy: Client, do: str) -> None:
    assert submit(cy, FORMS[Meaning.OTHERS], country="PT", do=do).status_code == 200


def test_one_broken_photo_does_not_cost_the_others(ada: Client) -> None:
    broken = photo()
    broken.truncate(100)
    token = csrf_token(ada, FORMS[Meaning.OTHERS])
    sent = {**FILLED[Meaning.OTHERS], "csrfmiddlewaretoken": token, "photos": [photo(), broken]}
    answer = ada.post(FORMS[Meaning.OTHERS], sent)
    assert answer.status_code == 422
    assert "Photo 2" in answer.text
    assert answer.text.count("is kept (") == 1


@pytest.mark.parametrize("meaning", Meaning)
def test_ticked_sentences_come_into_the_text_and_nothing_is_sent(ada: Client, meaning: Meaning) -> None:
    first, second = GROUNDS[meaning][:2]
    filled = {**FILLED[meaning], "effect": "I say:", "do": "grounds", "ground": [first.key, second.key]}
    answer = submit(ada, FORMS[meaning], **filled)
    assert answer.status_code == 200
    assert f"I say:\n{first.sentence}\n{second.sentence}</textarea>".replace("'", "&#x27;") in answer.text
    assert not Case.objects.exists()
    again = ada.get(FORMS[meaning]).text
    assert str(first.sentence).replace("'", "&#x27;") in again.split("</fieldset>")[-1]


def test_asking_for_words_on_an_empty_form_calls_nothing_missing(ada: Client) -> None:
    answer = submit(ada, FORMS[Meaning.CHILD], country="PT", do="grounds", ground="consent")
    assert answer.status_code == 200
    assert 'id="errors"' not in answer.text


@given(st.text(max_size=200), st.lists(st.sampled_from(["people", "children", "work", "nonsense", ""])))
def test_grounds_keep_every_word_that_was_there_and_come_once(text: str, ticked: list[str]) -> None:
    once = add_grounds(text, Meaning.OWN, ticked)
    assert once.startswith(text.rstrip())
    assert add_grounds(once, Meaning.OWN, ticked) == once
    for ground in GROUNDS[Meaning.OWN]:
        if ground.key in ticked and str(ground.sentence) not in text:
            assert once.count(str(ground.sentence)) == 1


def test_going_back_to_change_the_country_keeps_what_was_typed(ada: Client) -> None:
    submit(ada, START, country="PT", meaning="own")
    answer = submit(ada, FORMS[Meaning.OWN], country="PT", email="ada", effect="My children.", do="change")
    assert answer.headers["Location"] == START
    answer = submit(ada, START, country="BR", meaning="others")
    text = ada.get(answer.headers["Location"]).text
    assert "Country: Brazil" in text
    assert 'value="ada"' in text
    assert "My children.</textarea>" in text


def test_going_back_with_nothing_typed_begins_nothing(ada: Client) -> None:
    submit(ada, FORMS[Meaning.OWN], country="PT", do="change")
    assert not Draft.objects.exists()


def test_without_a_known_country_the_form_asks_for_it_and_works_in_one_go(ada: Client) -> None:
    text = ada.get(FORMS[Meaning.OWN]).text
    assert re.search(r'<select[^>]* name="country"', text)
    assert "Show my rights there" in text
    assert submit(ada, FORMS[Meaning.OWN], **FILLED[Meaning.OWN]).status_code == 302


def test_the_law_of_a_country_chosen_on_the_form_is_shown_before_anything_is_sent(ada: Client) -> None:
    shown = submit(ada, FORMS[Meaning.OWN], country="PT", email="", effect="Words.", do="country")
    assert shown.status_code == 200
    assert "The law gives a right to object." in shown.text
    assert "Words.</textarea>" in shown.text
    missing = submit(Client(), FORMS[Meaning.OWN], country="", do="country")
    assert missing.status_code == 422
    assert '<a href="#id_country">' in missing.text


def test_a_browser_that_refuses_our_cookies_sends_the_form_in_one_go(ada: Client) -> None:
    token = csrf_token(ada, FORMS[Meaning.OWN])
    wrong = ada.post(FORMS[Meaning.OWN], {**FILLED[Meaning.OWN], "email": "ada", "csrfmiddlewaretoken": token})
    for name in ("draft", "country"):
        del ada.cookies[name]
    assert 'name="country" value="PT"' in wrong.text
    done = ada.post(FORMS[Meaning.OWN], {**FILLED[Meaning.OWN], "csrfmiddlewaretoken": token})
    assert done.status_code == 302


def test_a_form_whose_draft_has_gone_is_taken_all_the_same(ada: Client) -> None:
    submit(ada, FORMS[Meaning.OTHERS], **{**FILLED[Meaning.OTHERS], "email": "ada", "photos": photo()})
    token = csrf_token(ada, FORMS[Meaning.OTHERS])
    Draft.objects.all().delete()
    done = ada.post(FORMS[Meaning.OTHERS], {**FILLED[Meaning.OTHERS], "csrfmiddlewaretoken": token})
    assert done.status_code == 302


def test_a_draft_that_goes_while_its_photos_are_added_costs_nothing_that_was_typed(
    ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_to_what_is_gone(*args: object) -> None:
        Draft.objects.all().delete()
        add_photo(*args)

    with monkeypatch.context() as patch:
        patch.setattr("demur.centre.form_visit.add_photo", add_to_what_is_gone)
        answer = submit(ada, FORMS[Meaning.OTHERS], **{**FILLED[Meaning.OTHERS], "photos": photo()})
    assert answer.status_code == 422
    assert "The photos were not kept: this form was erased or sent a moment ago" in answer.text
    assert "They post me.</textarea>" in ada.get(FORMS[Meaning.OTHERS]).text
    assert not Photo.objects.exists()
    assert submit(ada, FORMS[Meaning.OTHERS], **{**FILLED[Meaning.OTHERS], "photos": photo()}).status_code == 302
    assert Case.objects.get().photos.count() == 1


@pytest.mark.parametrize(
    ("meaning", "kept"),
    [
        (Meaning.OWN, set()),
        (Meaning.OTHERS, {PhotoPurpose.SHOWS_PERSON}),
        (Meaning.CHILD, {PhotoPurpose.SHOWS_PERSON}),
        (Meaning.AGENT, {PhotoPurpose.SHOWS_PERSON, PhotoPurpose.MANDATE}),
    ],
)
def test_photos_of_a_form_begun_before_go_only_where_they_are_asked_for_and_the_page_says_so(
    ada: Client, meaning: Meaning, kept: set[PhotoPurpose]
) -> None:
    begun = {**FILLED[Meaning.AGENT], "email": "ada", "mandate": photo(), "photos": photo()}
    submit(ada, FORMS[Meaning.AGENT], **begun)
    erased = 2 - len(kept)
    text = ada.get(FORMS[meaning]).text
    assert ("does not ask for" in text) == bool(erased)
    assert (f"You chose {erased} photo" in text) == bool(erased)
    assert submit(ada, FORMS[meaning], **FILLED[meaning]).status_code == 302
    assert set(Photo.objects.values_list("purpose", "case")) == {(one, Case.objects.get().pk) for one in kept}


def test_two_tabs_send_two_objections_and_photos_belong_to_the_first(ada: Client) -> None:
    submit(ada, FORMS[Meaning.OTHERS], **{**FILLED[Meaning.OTHERS], "email": "ada", "photos": photo()})
    token = csrf_token(ada, FORMS[Meaning.OTHERS])
    for meaning in (Meaning.OTHERS, Meaning.OWN):
        assert ada.post(FORMS[meaning], {**FILLED[meaning], "csrfmiddlewaretoken": token}).status_code == 302
    assert [case.photos.count() for case in Case.objects.order_by("pk")] == [1, 0]


def test_an_unconfirmed_objection_does_not_stand_in_the_way_of_another(ada: Client) -> None:
    for _ in range(2):
        assert submit(ada, FORMS[Meaning.OWN], **FILLED[Meaning.OWN]).status_code == 302
    assert Case.objects.count() == 2


def test_a_signed_in_person_finds_accounts_and_address_filled_in(ada: Client, home: Path) -> None:
    sign_in(home, ada)
    page = ada.get(FORMS[Meaning.OWN])
    assert f'value="{ADA_EMAIL}"' in page.text
    assert "<li>ada.lisbon</li>" in page.text
    assert "Other accounts of yours" in page.text
    assert "Country: Portugal" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert submit(ada, FORMS[Meaning.OWN], country="PT", email=ADA_EMAIL).status_code == 302
    accounts = CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT)
    assert set(accounts.values_list("value", "standing")) == {
        ("lumen:p0000001", Standing.VERIFIED),
        ("agora:p0000001", Standing.VERIFIED),
    }


@pytest.mark.parametrize(("account", "words"), [("", "nobody is signed in here"), ("p0000002", "nothing was changed")])
def test_accounts_that_the_page_called_covered_are_not_left_out_without_a_word(
    ada: Client, home: Path, account: str, words: str
) -> None:
    sign_in(home, ada)
    [shown] = re.findall(r'name="shown_accounts" value="([^"]+)"', ada.get(FORMS[Meaning.OWN]).text)
    sent = {"country": "PT", "email": ADA_EMAIL, "effect": "For long.", "shown_accounts": shown}
    token = csrf_token(ada, FORMS[Meaning.OWN])
    del ada.cookies[settings.SESSION_COOKIE_NAME]  # an hour is over, or the browser was closed
    if account:
        sign_in(home, ada, account=account)
    answer = ada.post(FORMS[Meaning.OWN], {**sent, "csrfmiddlewaretoken": token})
    assert answer.status_code == 422
    assert words in answer.text
    assert "For long.</textarea>" in answer.text
    assert not Case.objects.exists()
    [*shown_now] = re.findall(r'name="shown_accounts" value="([^"]+)"', answer.text)
    again = {**sent, "shown_accounts": "".join(shown_now)}
    assert ada.post(FORMS[Meaning.OWN], {**again, "csrfmiddlewaretoken": token}).status_code == 302


@pytest.mark.parametrize("typed", ["9" * 5_000, "9" * 30, "-1", "\u0663"])
def test_a_photo_with_an_impossible_number_is_no_photo_of_anybody(cy: Client, typed: str) -> None:
    answer = submit(cy, FORMS[Meaning.OTHERS], **{**FILLED[Meaning.OTHERS], "do": f"remove:{typed}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("meaning", RECOGNISED)
def test_a_sign_in_is_never_taken_for_somebody_elses_account(ada: Client, home: Path, meaning: Meaning) -> None:
    sign_in(home, ada)
    submit(ada, FORMS[meaning], **FILLED[meaning])
    assert not CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT).exists()


def test_typed_accounts_are_never_taken_for_verified_ones(cy: Client) -> None:
    forged = {"accounts": "lumen:p0000001", "verified_accounts": "lumen:p0000001", "account": "lumen:p0000001"}
    submit(cy, FORMS[Meaning.OWN], **{**FILLED[Meaning.OWN], **forged})
    assert not CaseIdentifier.objects.filter(standing=Standing.VERIFIED).exists()


def test_a_reason_that_law_and_policy_ask_for_is_said_before_and_missed_only_then(ada: Client, home: Path) -> None:
    filled = {**FILLED[Meaning.OWN], "effect": ""}
    ask_reasons_as_the_law_does(home)
    assert submit(ada, FORMS[Meaning.OWN], **{**filled, "country": "US"}).status_code == 302
    submit(ada, START, country="PT", meaning="own")
    text = ada.get(FORMS[Meaning.OWN]).text
    assert text.index("one sentence of yours is enough") < text.index('name="effect"')
    assert "(optional)" not in text.split("Tell us how")[1].split("</label>")[0]
    assert "Say in a sentence how this affects you" in submit(ada, FORMS[Meaning.OWN], **filled).text
    assert submit(ada, FORMS[Meaning.OWN], **{**filled, "effect": "x"}).status_code == 302


@pytest.mark.parametrize("typed", ["lumen.example/p/1", "https://lumen.example/p/1", " http://lumen.example \r\n\r\n"])
def test_links_are_taken_with_and_without_https(typed: str) -> None:
    form = FORM_CLASSES[Meaning.OTHERS]({**FILLED[Meaning.OTHERS], "links": typed})
    assert form.is_valid(), form.errors
    assert len(form.cleaned_data["links"]) == 1


@pytest.mark.parametrize("typed", ["not a link", "javascript:alert(1)", "ftp://lumen.example", "https://", "x"])
def test_what_is_no_link_is_pointed_to_by_its_place_and_not_repeated(typed: str) -> None:
    form = FORM_CLASSES[Meaning.OTHERS]({**FILLED[Meaning.OTHERS], "links": f"lumen.example/p/1\n{typed}"})
    (sentence,) = form.errors["links"]
    assert "Entry 2" in str(sentence)
    assert typed not in str(sentence)


def test_as_many_links_as_stated_and_no_more() -> None:
    for number, errors in ((MAX_LINKS, 0), (MAX_LINKS + 1, 1)):
        links = "\n".join(f"lumen.example/p/{place}" for place in range(number))
        form = FORM_CLASSES[Meaning.OTHERS]({**FILLED[Meaning.OTHERS], "links": links})
        assert len(form.errors) == errors


@given(st.sampled_from(list(Meaning)), st.data())
def test_whatever_is_typed_is_answered_by_the_form_and_never_by_a_fault(meaning: Meaning, data: st.DataObject) -> None:
    form_class = FORM_CLASSES[meaning]
    fields = [name for name in form_class.base_fields if name not in {"photos", "mandate", "face_consent"}]
    typed = {name: data.draw(st.text(max_size=80), label=name) for name in fields}
    form = form_class(typed)
    assert form.is_valid() in {True, False}
    assert form.typed() == typed

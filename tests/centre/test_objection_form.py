"""The rules of the two forms, all of which the pages state beforehand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demur.centre.country import CountrySelect, likely_countries
from demur.centre.forms.code import CodeForm
from demur.centre.forms.objection import OthersForm, OwnForm
from demur.docket.lodging import MAX_EFFECT_CHARS, MAX_HANDLES

ADA = {"country": "PT", "email": "ada@people.example", "handles": "", "effect": ""}


def errors_of(**changes: str) -> dict[str, list[str]]:
    form = OwnForm({**ADA, **changes})
    return {field: [str(error) for error in errors] for field, errors in form.errors.items()}


def test_country_and_address_are_enough() -> None:
    assert errors_of() == {}


def test_a_reason_of_one_letter_is_enough() -> None:
    assert errors_of(effect="x") == {}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_line_end_counts_as_one_character_however_the_browser_sends_it(line_end: str) -> None:
    text = ("a" * 99 + line_end) * (MAX_EFFECT_CHARS // 100 - 1) + "a" * 100
    assert errors_of(effect=text) == {}
    assert "effect" in errors_of(effect=text + "a")


def test_too_long_a_reason_is_told_both_figures() -> None:
    (sentence,) = errors_of(effect="a" * (MAX_EFFECT_CHARS + 7))["effect"]
    assert str(MAX_EFFECT_CHARS) in sentence
    assert str(MAX_EFFECT_CHARS + 7) in sentence


def test_no_field_cuts_pasted_text_silently() -> None:
    assert "maxlength" not in str(OwnForm())
    assert "maxlength" not in str(CodeForm())


def test_handles_are_taken_one_a_line_with_or_without_at_signs_and_links() -> None:
    form = OwnForm({**ADA, "handles": "@ada\r\n\r\n  https://lumen.example/ada_2 \nADA, bo_not_ada"})
    assert form.is_valid()
    assert form.cleaned_data["handles"] == ("@ada", "https://lumen.example/ada_2", "bo_not_ada")


def test_a_name_among_the_handles_is_pointed_to_by_its_place_and_not_repeated() -> None:
    (sentence,) = errors_of(handles="ada\nAda of Lisbon")["handles"]
    assert "Entry 2" in sentence
    assert "Lisbon" not in sentence


def test_as_many_handles_as_stated_and_no_more() -> None:
    assert errors_of(handles="\n".join(f"ada{number}" for number in range(MAX_HANDLES))) == {}
    assert "handles" in errors_of(handles="\n".join(f"ada{number}" for number in range(MAX_HANDLES + 1)))


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@people.example", "ada@people", "a da@people.example"])
def test_what_is_no_address_is_refused_with_what_to_do(email: str) -> None:
    assert len(errors_of(email=email)["email"]) == 1


@pytest.mark.parametrize(
    "email",
    ["ada@people.example\nBcc: everyone@people.example", "ada@people.example\r\nSubject: x", "ada\x00@people.example"],
)
def test_an_address_that_forges_mail_headers_is_refused(email: str) -> None:
    assert "email" in errors_of(email=email)


@pytest.mark.parametrize("field", ["country", "email", "handles", "effect"])
def test_nul_bytes_are_refused_in_every_field(field: str) -> None:
    assert field in errors_of(**{field: ADA[field] + "a\x00b"})


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_error_repeats_what_was_typed(email: str, handles: str, name: str, effect: str) -> None:
    marked = {"email": email, "handles": handles, "name": name, "effect": effect}
    form = OthersForm({"country": "PT"} | {field: f"qzx{text}" for field, text in marked.items()})
    form.is_valid()
    assert "qzx" not in str(form.errors)


@pytest.mark.parametrize(
    "typed", ["123456", "123 456", " 123-456 ", "1 2 3 4 5 6", "\uff11\uff12\uff13456", "123\u00a0456", "12\u20133456"]
)
def test_a_code_is_taken_however_it_is_spaced(typed: str) -> None:
    form = CodeForm({"code": typed})
    assert form.is_valid()
    assert form.cleaned_data["code"] == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "٣٤", "123456\n654321", "1" * 500])
def test_what_cannot_be_a_code_is_refused_before_it_costs_a_try(typed: str) -> None:
    assert not CodeForm({"code": typed}).is_valid()


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("pt-PT,pt;q=0.9,en;q=0.8", ["PT"]),
        ("de-AT, fr-CH;q=0.8, en", ["AT", "CH"]),
        ("zh-Hant-TW", ["TW"]),
        ("en", []),
        ("xx-XX", []),
        ("", []),
        ("a" * 10_000, []),
    ],
)
def test_likely_countries_come_from_the_browsers_languages(header: str, first: list[str]) -> None:
    assert list(likely_countries(header)) == first


def test_every_country_is_offered_once_and_none_is_chosen_beforehand() -> None:
    select = CountrySelect()
    select.likely = ("PT",)
    html = select.render("country", None)
    codes = re.findall(r'<option value="([A-Z]*)"', html)
    assert codes[:2] == ["", "PT"]
    assert len(codes) == len(set(codes)) > 240
    assert "selected" not in html


def test_the_chosen_country_stays_chosen_and_is_no_one_elses_choice() -> None:
    assert CountrySelect().render("country", "FI").count('<option value="FI" selected>') == 1
    assert "selected" not in CountrySelect().render("country", None)


@pytest.mark.parametrize("typed", ['"><script>', "XX", "ZZZ", "", "fi"])
def test_what_is_no_country_is_not_chosen_and_not_repeated(typed: str) -> None:
    html = CountrySelect().render("country", typed)
    assert "selected" not in html
    assert "<script>" not in html

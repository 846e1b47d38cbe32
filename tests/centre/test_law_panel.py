"""What the form says about the law before somebody writes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from centre_world import code_in_mail, submit
from django.test import Client
from django.utils import formats
from django.utils.translation import override
from django_countries import countries
from objecting_world import FILLED, FORMS, START, ask_reasons_as_the_law_does

from demur.centre.law import describe_law
from demur.centre.meaning import Meaning
from demur.docket.controller import get_controller
from demur.docket.jurisdiction import all_jurisdictions
from demur.docket.models import Case

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
OWN = FORMS[Meaning.OWN]


def panel(client: Client, country: str) -> str:
    submit(client, START, country=country, meaning="own")
    return " ".join(client.get(OWN).text.split())


@pytest.mark.django_db
def test_where_the_law_gives_the_right_it_is_named_with_its_article_in_its_own_language(ada: Client) -> None:
    text = panel(ada, "PT")
    assert "The law gives a right to object." in text
    assert "The law asks for a reason. We do not" in text
    assert '<span lang="pt">Lei n.º 58/2019</span>' in text
    assert "GDPR Art. 21(1)" in text
    assert "our own policy decides" not in text


@pytest.mark.django_db
@pytest.mark.parametrize("country", ["US", "AU", "AQ", "JP", "TR", "IN"])
def test_where_no_law_gives_it_the_controllers_own_policy_is_told(ada: Client, country: str) -> None:
    text = panel(ada, country)
    assert "So our own policy decides: We treat every objection alike." in text
    assert "You need not give a reason." in text


@pytest.mark.django_db
def test_a_state_with_a_law_of_its_own_is_told_and_nobody_is_asked_for_it(ada: Client) -> None:
    text = panel(ada, "US")
    assert "If you live in California" in text
    assert "1798.120" in text
    assert "If you live in Québec" in panel(ada, "CA")


@pytest.mark.django_db
def test_what_is_not_law_yet_or_not_certain_is_said(ada: Client) -> None:
    india = panel(ada, "IN")
    assert "This right takes effect in May 2027." in india
    assert "We could not confirm every detail" in india
    portugal = panel(ada, "PT")
    assert "A change of this law is being discussed" in portugal
    assert "We could not confirm every detail" not in portugal


@pytest.mark.django_db
@pytest.mark.parametrize("country", ["PT", "KR", "US", "CA", "AQ"])
def test_the_date_on_the_form_is_the_date_that_counts(ada: Client, country: str) -> None:
    text = panel(ada, country)
    code_page = submit(ada, OWN, **{**FILLED[Meaning.OWN], "country": country}).headers["Location"]
    submit(ada, code_page, code=code_in_mail())
    due_on = Case.objects.get().due_on
    assert due_on is not None
    assert formats.date_format(due_on, "DATE_FORMAT") in text


@pytest.mark.parametrize("language", ["en", "pt-br", "de"])
def test_every_country_has_something_true_to_say(language: str) -> None:
    with override(language):
        for code in countries.countries:
            law = describe_law(code, get_controller(), NOW.date())
            assert law.country
            assert law.right
            assert law.reasons
            assert law.due
            assert law.policy_decides == (law.jurisdiction is None or not law.jurisdiction.kind.reaches_training)


def test_a_reason_is_required_only_where_law_and_policy_ask_for_it(home: Path) -> None:
    assert not any(describe_law(code, get_controller(), NOW.date()).reasons_required for code in countries.countries)
    ask_reasons_as_the_law_does(home)
    asking = {code for code in countries.countries if describe_law(code, get_controller(), NOW.date()).reasons_required}
    assert asking == {entry.code for entry in all_jurisdictions().values() if entry.asks_reasons}
    assert len(asking) > 30

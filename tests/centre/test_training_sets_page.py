"""What the status page says of the training sets that were built since: counts, for their person only."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from centre_world import Confirmed
from django.test import Client

from demur.core.identifier import IdentifierKind, Standing
from demur.docket.models import Case, CaseIdentifier, TrainingSet, WithheldCount

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def confirmed(confirm: Callable[..., Confirmed]) -> Confirmed:
    """Ada's case, on the lists since number 3."""
    confirmed = confirm()
    Case.objects.update(first_list_number=3)
    CaseIdentifier.objects.filter(kind=IdentifierKind.ACCOUNT).update(standing=Standing.VERIFIED)
    return confirmed


def build(rows: int | None, *, identifiers: int = 1, list_number: int = 3) -> TrainingSet:
    made = TrainingSet.objects.count()
    training_set = TrainingSet.objects.create(
        manifest_sha256_hex=f"{made:064x}",
        built_at=datetime(2026, 12, 20, 10, 0, tzinfo=UTC) + timedelta(days=made),
        list_number=list_number,
        input_rows=60_000,
        withheld_rows=2_000,
    )
    if rows is not None:
        case = Case.objects.get()
        WithheldCount.objects.create(training_set=training_set, case=case, rows=rows, identifiers=identifiers)
    return training_set


def section(client: Client, page: str) -> str:
    words = " ".join(client.get(page).content.decode().split())
    return words.partition("Training sets built since")[2].partition("What has happened so far")[0]


def test_before_any_set_is_built_the_page_says_that_none_is_known(confirmed: Confirmed, ada: Client) -> None:
    assert "None that we know of" in section(ada, confirmed.page)


def test_before_a_list_carried_the_objection_the_page_does_not_say_that_one_did(
    confirm: Callable[..., Confirmed], ada: Client
) -> None:
    case = confirm()
    build(None, list_number=2)
    words = section(ada, case.page)
    assert "has not been carried to the training systems yet" in words
    assert "None that we know of" not in words


def test_each_set_says_how_many_rows_were_left_out_and_the_page_what_that_cannot_show(
    confirmed: Confirmed, ada: Client
) -> None:
    build(12)
    build(1)
    words = section(ada, confirmed.page)
    assert words.index("1 row was left out") < words.index("12 rows were left out")
    assert "21 December 2026" in words
    assert "60,000 rows were looked at, with suppression list number 3." in words
    assert "is not recognised, and may be in the set" in words


def test_of_accounts_that_are_only_claimed_no_number_is_told(confirmed: Confirmed, ada: Client) -> None:
    build(12)
    case = Case.objects.get()
    CaseIdentifier.objects.create(
        case=case, kind=IdentifierKind.ACCOUNT, value="lumen:p77", standing=Standing.CLAIMED, entry_id=b"1" * 16
    )
    words = section(ada, confirmed.page)
    assert "once we have checked that the accounts and photos are yours" in words
    assert "12 row" not in words


def test_a_number_in_which_rows_may_count_twice_is_said_to_be_a_bound(confirmed: Confirmed, ada: Client) -> None:
    build(40, identifiers=2)
    assert "up to 40 rows were left out" in section(ada, confirmed.page)


def test_a_set_without_rows_of_the_person_claims_no_more_than_that(confirmed: Confirmed, ada: Client) -> None:
    build(None)
    words = section(ada, confirmed.page)
    assert "The data held no row that we recognise as yours." in words
    assert "left out" not in words


def test_a_stranger_sees_none_of_it(confirmed: Confirmed, cy: Client) -> None:
    build(12)
    answer = cy.get(f"/privacy/genai/status/{confirmed.token[:-1]}x")
    assert answer.status_code == 404
    assert "12 rows" not in answer.content.decode()


def test_a_set_by_an_older_list_is_none_of_the_persons(confirmed: Confirmed, ada: Client) -> None:
    build(None, list_number=2)
    assert "None that we know of" in section(ada, confirmed.page)

"""Proof of work, networks, and the page that stops a flood."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import altcha
import pytest
from centre_world import ADA_EMAIL, Lodged
from django.test import Client, RequestFactory
from flood_world import FORM, HOME, SCHOOL, Person, challenge_of, filled, forged, offer_sign_in, sign_in, solve
from pytest_django.fixtures import Settings

from demur.centre.network import UNKNOWN_NETWORK, network_of
from demur.centre.proof import LIFETIME, new_challenge, take_proof
from demur.docket import admission
from demur.docket.admission import DRAFTS, PHOTOS, PROVEN, UNNOTICED, UNPROVEN, WRONG_TRIES, BusyTimes, admit_draft
from demur.docket.asker import NOBODY, Asker
from demur.docket.errors import FloodError
from demur.docket.models import Case, Draft, UsedShare
from demur.docket.share import Share, take_share

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "busy_times", BusyTimes())


def use_up(network: str, share: Share, what: str = "lodgings") -> None:
    for _ in range(share.most):
        take_share(f"{what} from {network}", share, datetime.now(UTC))


def test_a_proof_counts_once() -> None:
    proof = solve(new_challenge(NOW))
    assert take_proof(proof, NOW)
    assert not take_proof(proof, NOW)
    assert take_proof(solve(new_challenge(NOW)), NOW)


def test_a_proof_written_in_another_way_is_the_same_proof() -> None:
    proof = solve(new_challenge(NOW))
    assert take_proof(proof, NOW)
    whole = altcha.Payload.from_base64(proof).to_dict()
    whole["solution"]["time"] = 7
    assert not take_proof(b64encode(json.dumps(whole, indent=3).encode()).decode(), NOW)


@pytest.mark.parametrize("change", [{"cost": 1}, {"keyPrefix": ""}, {"nonce": "00" * 16}, {"expiresAt": 9_999_999_999}])
def test_a_challenge_that_was_made_easier_is_refused(change: dict[str, object]) -> None:
    assert not take_proof(forged(solve(new_challenge(NOW)), **change), NOW)


@pytest.mark.parametrize(
    "payload",
    ["", "x", "e30=", "W10=", "bnVsbA==", "\ud800", "A" * 5_000, b64encode(b'{"challenge":[],"solution":{}}').decode()],
)
def test_what_is_no_proof_is_none(payload: str) -> None:
    assert not take_proof(payload, NOW)


def test_a_challenge_of_our_own_making_or_without_work_is_refused() -> None:
    ours = altcha.create_challenge("SHA-256", 1, counter=1, hmac_secret="guess", hmac_key_secret="guess")
    solution = altcha.solve_challenge(ours)
    assert solution is not None
    assert not take_proof(altcha.Payload(ours, solution).to_base64(), NOW)
    lazy = altcha.Payload(altcha.Challenge.from_dict(json.loads(new_challenge(NOW))), altcha.Solution(1, "00" * 32))
    assert not take_proof(lazy.to_base64(), NOW)


def test_a_proof_ends_after_two_hours() -> None:
    assert not take_proof(solve(new_challenge(NOW - LIFETIME - timedelta(minutes=1))), NOW)


@pytest.mark.parametrize(
    ("hops", "forwarded", "network"),
    [
        (0, "203.0.113.5", "192.0.2.9"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        (2, "198.51.100.1, 203.0.113.5, 10.0.0.1", "203.0.113.5"),
        (2, "203.0.113.5", "203.0.113.5"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
        (1, "203.0.113.5, nonsense", UNKNOWN_NETWORK),
        (1, "", UNKNOWN_NETWORK),
    ],
)
def test_only_what_a_trusted_proxy_wrote_says_where_a_request_came_from(
    settings: Settings, hops: int, forwarded: str, network: str
) -> None:
    settings.DEMUR_TRUSTED_PROXIES = hops
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.9", headers={"X-Forwarded-For": forwarded})
    assert network_of(request) == network


def test_the_form_asks_for_nothing_while_there_is_no_flood(ada: Client) -> None:
    page = ada.get(FORM)
    assert challenge_of(page) == ""
    assert "proof.js" not in page.content.decode()


def test_a_network_that_sends_many_gets_a_challenge_and_its_neighbours_none() -> None:
    use_up(SCHOOL, UNNOTICED)
    assert challenge_of(Client().get(FORM, REMOTE_ADDR=SCHOOL))
    assert not challenge_of(Client().get(FORM, REMOTE_ADDR=HOME))
    assert Person(ADA_EMAIL, SCHOOL).objects()
    assert Person(ADA_EMAIL, SCHOOL, has_scripts=False).objects()


def test_without_a_proof_a_flooding_network_is_stopped_with_one_it_goes_on_for_a_while() -> None:
    use_up(SCHOOL, UNPROVEN)
    assert Person(ADA_EMAIL, SCHOOL, has_scripts=False).send_form().status_code == 429
    assert Person(ADA_EMAIL, SCHOOL).objects()
    use_up(SCHOOL, PROVEN)
    assert Person(ADA_EMAIL, SCHOOL).send_form().status_code == 429
    assert Person(ADA_EMAIL, HOME).objects()


def test_signed_in_person_gets_through_behind_a_flooding_address_and_needs_no_proof(home: Path) -> None:
    offer_sign_in(home)
    use_up(SCHOOL, PROVEN)
    ada = Person(ADA_EMAIL, SCHOOL)
    sign_in(ada.browser, ADA_EMAIL)
    assert not challenge_of(ada.browser.get(FORM, REMOTE_ADDR=SCHOOL))
    assert ada.objects()


def test_page_that_stops_a_flood_says_until_when_keeps_the_draft_and_names_another_way() -> None:
    use_up(SCHOOL, PROVEN)
    ada = Person(ADA_EMAIL, SCHOOL)
    stopped = ada.send_form()
    text = stopped.content.decode()
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["Retry-After"]) <= 60
    assert "You can send it again from this time on:" in text
    assert "privacy@lumen.example" in text
    assert "What you wrote is not lost" in text
    assert "My children." in ada.browser.get(FORM, REMOTE_ADDR=SCHOOL).content.decode()
    assert Case.objects.count() == 0


def test_code_page_stops_a_network_that_guesses_and_another_device_goes_on(lodge: type[Lodged]) -> None:
    lodged = lodge()
    use_up(SCHOOL, WRONG_TRIES, "tries")
    browser = Client()
    stopped = browser.post(lodged.page, {"code": lodged.code}, REMOTE_ADDR=SCHOOL)
    assert stopped.status_code == 429
    assert "What you wrote is not lost" not in stopped.content.decode()
    assert "/status/" in browser.post(lodged.page, {"code": lodged.code}, REMOTE_ADDR=HOME).headers["Location"]


def test_correction_of_an_address_is_stopped_in_a_flood_too(lodge: type[Lodged]) -> None:
    page = f"{lodge().page}/address"
    use_up(SCHOOL, PROVEN)
    assert Client().post(page, {"email": "a@people.example"}, REMOTE_ADDR=SCHOOL).status_code == 429
    assert Client().post(page, {"email": "a@people.example"}, REMOTE_ADDR=HOME).status_code == 302


def test_drafts_of_one_network_do_not_fill_the_disk() -> None:
    use_up(SCHOOL, Share(DRAFTS.most - 2, DRAFTS.step), "drafts")
    answers = [Client().post(FORM, {**filled("no address")}, REMOTE_ADDR=SCHOOL).status_code for _ in range(5)]
    assert answers == [422, 422, 429, 429, 429]
    assert Draft.objects.count() == 2
    assert Client().post(FORM, {**filled("no address")}, REMOTE_ADDR=HOME).status_code == 422


def test_photos_of_one_network_do_not_fill_the_disk() -> None:
    asker = Asker(SCHOOL)
    for _ in range(PHOTOS.most // 10):
        admit_draft(asker, NOW, photos=10)
    with pytest.raises(FloodError):
        admit_draft(asker, NOW, photos=1)
    admit_draft(NOBODY, NOW, photos=1)
    assert UsedShare.objects.count() == 1

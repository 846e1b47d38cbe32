"""20,000 hostile forms from many networks, at many addresses and at one victim; and who still gets through."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from flood_world import FORM, SCHOOL, Person, filled, mails_by_recipient, offer_sign_in, sign_in

from demur.core.objection import Capacity
from demur.docket import admission
from demur.docket.admission import DRAFTS, UNPROVEN, BusyTimes
from demur.docket.asker import Asker
from demur.docket.errors import FloodError
from demur.docket.lodging import Lodging
from demur.docket.models import Case, Draft, MailAllowance, UsedShare
from demur.docket.services import erase_unconfirmed, lodge_objection

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
FORMS = 20_000
NETWORKS = 40
TENTH = 10
VICTIM = "victim@people.example"
PEOPLE = 34
DAY = timedelta(days=1)
LODGING = Lodging("PT", VICTIM, ("@ada",), "My children.", "en", Capacity.ACCOUNT_HOLDER, "")


@pytest.fixture(autouse=True)
def unaware(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "busy_times", BusyTimes())


class Flood:
    """Sends forms. Every third names the victim, the others somebody else each time; networks take turns.

    Every tenth goes through the pages. The others begin where the pages hand a form on, since here the attackers and
    the centre share one processor.
    """

    def __init__(self) -> None:
        self.sent = self.taken = self.stopped = 0
        self.browser = Client()

    def send(self, forms: int) -> None:
        for number in range(self.sent, self.sent + forms):
            email = VICTIM if number % 3 == 0 else f"target{number}@people.example"
            is_taken = (_lodge if number % TENTH else self._post)(email, f"203.0.113.{number % NETWORKS}")
            self.taken, self.stopped = self.taken + is_taken, self.stopped + (not is_taken)
        self.sent += forms

    def _post(self, email: str, network: str) -> bool:
        self.browser.cookies.clear()
        answer = self.browser.post(FORM, filled(email), REMOTE_ADDR=network)
        assert answer.status_code in {302, 429}
        return answer.status_code == 302


def _lodge(email: str, network: str) -> bool:
    try:
        lodge_objection(replace(LODGING, email=email), datetime.now(UTC), Asker(network))
    except FloodError:
        return False
    return True


def test_real_people_get_through_20_000_hostile_forms_and_no_mailbox_is_bombed(home: Path) -> None:
    offer_sign_in(home)
    flood, began = Flood(), datetime.now(UTC)
    flood.send(FORMS // 2)

    assert Person("scripts@people.example", "198.51.100.1").objects()
    assert Person("none@people.example", "198.51.100.2", has_scripts=False).objects()
    assert all(Person(f"pupil{number}@people.example", SCHOOL).objects() for number in range(30))
    signed_in = Person("signed-in@people.example", "203.0.113.0")  # behind an address that takes part in the flood
    sign_in(signed_in.browser, signed_in.email)
    assert signed_in.objects()
    assert Person("neighbour@people.example", "203.0.113.1").objects()  # behind another one: a proof is enough

    flood.send(FORMS // 2)
    assert flood.taken + flood.stopped == FORMS
    regained = 1 + (datetime.now(UTC) - began) // UNPROVEN.step  # on a slow machine the flood lasts for minutes
    assert flood.taken <= NETWORKS * (UNPROVEN.most + regained)

    mails = mails_by_recipient()
    assert mails.pop(VICTIM) == 3
    assert max(number for address, number in mails.items() if address.startswith("target")) == 1

    assert Case.objects.count() == flood.taken + PEOPLE
    assert MailAllowance.objects.count() <= flood.taken + PEOPLE
    assert Draft.objects.count() <= NETWORKS * DRAFTS.most
    assert UsedShare.objects.count() <= 2 * NETWORKS + 2 * PEOPLE
    late = datetime.now(UTC) + DAY
    erase_unconfirmed(late)
    assert Case.objects.count() == PEOPLE
    assert [table.objects.count() for table in (UsedShare, MailAllowance, Draft)] == [0, 0, 0]

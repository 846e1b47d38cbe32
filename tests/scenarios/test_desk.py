"""Bo works the desk at the server's terminal; Ada reads what comes of it."""

import re

import pytest

from demur.cli.demo import object_as
from demur.cli.processes import Installation
from demur.cli.visitor import Visitor, mail_text, wait_for_mail
from demur.desk.queue import Urgency, urgency_of

ADA, BO, BEA = "ada@people.example", "bo@lumen.example", "bea@lumen.example"
GROUND = ["--ground", "gdpr-11-2-not-identified", "--text", "We could not find the account that you named."]


@pytest.mark.slow
def test_a_refusal_needs_grounds_and_tells_the_person_whom_to_complain_to(installation: Installation) -> None:
    status_url = object_as(installation, ADA, "nobodyknows", "[bold]They[/bold] are my children.")
    shown = installation.demur("desk", "queue").stdout
    reference = re.search(r"DMR-\S+", shown)
    assert reference is not None
    case = reference[0]
    assert "in time" in shown
    told = installation.demur("desk", "show", case).stdout
    assert "[bold]They[/bold] are my children." in told
    assert "nobodyknows" in told
    assert "no case has this reference" in installation.demur("desk", "show", "DMR-0000-0000").stderr
    assert installation.demur("desk", "review", case, "--staff", BO).returncode == 0

    decide = ["desk", "decide", case, "--staff", BO]
    bare = installation.demur(*decide, "--outcome", "refused")
    assert (bare.returncode, "written reason" in bare.stderr) == (1, True), bare.stderr
    unknown = installation.demur(*decide, "--outcome", "ignored")
    assert unknown.returncode == 2
    assert installation.demur(*decide, "--outcome", "refused", "--ground", "because").returncode == 2
    done = installation.demur(*decide, "--outcome", "refused", *GROUND)
    assert done.returncode == 0, done.stderr

    words = mail_text(wait_for_mail(installation.home / "mail", ADA, "could not find the account"))
    assert "cnpd.pt" in words
    assert "efused" in Visitor(installation.ports.base_url).open(status_url).text
    again = installation.demur("desk", "decide", case, "--staff", BEA, "--outcome", "upheld")
    assert again.returncode == 1
    assert "cannot become" in again.stderr
    assert "No case is open" in installation.demur("desk", "queue").stdout


@pytest.mark.parametrize(
    ("days_left", "urgency"),
    [(-1, Urgency.LATE), (0, Urgency.TODAY), (1, Urgency.SOON), (7, Urgency.SOON), (8, Urgency.IN_TIME)],
)
def test_the_queue_says_how_near_the_legal_date_is(days_left: int, urgency: Urgency) -> None:
    assert urgency_of(days_left) is urgency

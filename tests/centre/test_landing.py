"""The page about generative AI: what it says of the training, of the time left, and of each kind of data."""

from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from centre_world import CONTROLLER, TRAINING_STARTS_IN_DAYS, write_controller
from django.http import HttpResponse
from django.test import Client
from django.utils import formats

from demur.centre.time_left import make_time_left
from demur.controller.campaign import Campaign
from demur.controller.local_text import LocalText

LANDING = "/privacy/genai"
START = datetime(2026, 12, 15, tzinfo=UTC)
WINTER = Campaign("winter", LocalText("Training of Muse", {}), START.date(), START)
TABLES = f"""{CONTROLLER}  - id: photos
    name: {{{{en: Photos, pt-br: Fotos, es: Fotos, de: Fotos, fr: Photos, it: Foto}}}}
    description: What you show.
    purpose: To train image models.
    legal_basis: Legitimate interests of ours.
    kinds: [photo]
    products: [lumen]
    audiences: [public, friends]
    kept_for: two years
    used_for_training: true
"""


def text_of(response: HttpResponse) -> str:
    return " ".join(unescape(response.content.decode()).split())


def rewrite(home: Path, old: str, new: str) -> None:
    """Change the controller's file; the centre reads it again."""
    path = home / "controller.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_date_the_time_left_and_the_last_safe_day_are_shown(ada: Client) -> None:
    starts_on = datetime.now(UTC).date() + timedelta(days=TRAINING_STARTS_IN_DAYS)
    text = text_of(ada.get(LANDING))
    assert f"Training starts on {formats.date_format(starts_on, 'j F Y')}" in text
    assert f"Time left: {TRAINING_STARTS_IN_DAYS - 1} days and " in text
    last = formats.date_format(starts_on - timedelta(days=2), "l j F Y")
    assert f"The last safe day, wherever you are, is <strong>{last}</strong>" in text


def test_after_the_start_the_page_says_what_an_objection_still_changes(ada: Client, home: Path) -> None:
    write_controller(home, -3)
    text = text_of(ada.get(LANDING))
    assert "Training started on" in text
    assert "stays out of every training set that is built from now on" in text
    assert "Training sets and models that were made before stay as they are." in text
    assert "Time left" not in text


def test_a_training_that_ran_before_is_named_beside_the_one_to_come(ada: Client, home: Path) -> None:
    rewrite(home, "campaigns:\n", "campaigns:\n  - {id: old, name: Training of Juno, training_starts_on: 2024-06-26}\n")
    text = text_of(ada.get(LANDING))
    assert "Training of Juno, 26 June 2024" in text
    assert "Time left" in text


@pytest.mark.parametrize(
    ("before_start", "words"),
    [
        (timedelta(days=1, hours=1), "Time left: 1 day and 1 hour."),
        (timedelta(days=2), "Time left: 2 days and 0 hours."),
        (timedelta(hours=3, minutes=59), "Time left: 3 hours."),
        (timedelta(minutes=59), "Time left: less than an hour."),
    ],
)
def test_the_time_left_is_said_in_days_and_hours(
    ada: Client, monkeypatch: pytest.MonkeyPatch, before_start: timedelta, words: str
) -> None:
    left = make_time_left(WINTER, START - before_start)
    monkeypatch.setattr("demur.centre.views.about.make_time_left", lambda *_: left)
    assert words in text_of(ada.get(LANDING))


def test_the_last_safe_day_is_named_until_it_is_over_everywhere_and_no_longer() -> None:
    over = datetime(2026, 12, 14, 12, tzinfo=UTC)  # midnight after 13 December in UTC-12
    before, after = make_time_left(WINTER, over - timedelta(seconds=1)), make_time_left(WINTER, over)
    assert before is not None
    assert before.last_safe_day == WINTER.last_safe_day
    assert after is not None
    assert after.last_safe_day is None
    assert make_time_left(WINTER, START) is None


def test_each_kind_of_data_says_why_on_what_basis_and_for_how_long_in_the_readers_language(
    ada: Client, home: Path
) -> None:
    starts_on = (datetime.now(UTC) + timedelta(days=9)).date().isoformat()
    (home / "controller.yaml").write_text(TABLES.format(starts_on=starts_on))
    text = text_of(ada.get(LANDING))
    row = text.split('<tr id="photos">')[1].split("</tr>")[0]
    assert 'scope="row">Photos' in row
    for words in ("To train image models.", "Legitimate interests of ours.", "two years", "everybody, friends", "Yes"):
        assert words in row
    assert text.index('<tr id="photos">') < text.index('<tr id="messages">'), "what is trained on comes first"
    assert 'scope="row">Foto ' in text_of(ada.get(LANDING, headers={"accept-language": "it"}))


def test_reasons_are_called_needless_only_where_the_policy_says_so(ada: Client, home: Path) -> None:
    assert "you need not give a reason" in text_of(ada.get(LANDING))
    rewrite(home, "reasons: optional", "reasons: as-the-law-asks")
    text = text_of(ada.get(LANDING))
    assert "you need not give a reason" not in text
    assert "You can say no." in text


def test_only_languages_that_the_controller_writes_are_offered_and_its_first_is_the_default(
    ada: Client, home: Path
) -> None:
    rewrite(home, "languages: [en, pt-br, es, de, fr, it]", "languages: [de, fr]")
    text = text_of(ada.get(LANDING, headers={"accept-language": "zh, it;q=0.9"}))
    assert '<html lang="de">' in text
    assert "?language=fr" in text
    assert "?language=it" not in text
    assert '<html lang="fr">' in text_of(ada.get(LANDING, headers={"accept-language": "it, fr-CH;q=0.5"}))
    ada.cookies["django_language"] = "it"
    assert '<html lang="de">' in text_of(ada.get(LANDING))


def test_without_a_usable_file_the_error_page_still_speaks_to_the_reader(ada: Client, home: Path) -> None:
    (home / "controller.yaml").write_text("name: [")
    ada.raise_request_exception = False
    response = ada.get(LANDING, headers={"accept-language": "it"})
    assert response.status_code == 500
    assert '<html lang="it">' in text_of(response)

"""What mails say: complete, in the person's language, in lines that every mail reader shows."""

from dataclasses import replace
from pathlib import Path

import pytest
from docket_world import ADA, Mailbox, confirm_by_mail, run_tasks
from hypothesis import given
from hypothesis import strategies as st

from demur.docket.mail_text import LINE_CHARS, break_lines

pytestmark = pytest.mark.django_db(transaction=True)


def words_of(mailbox: Mailbox) -> str:
    return " ".join(mailbox.newest_text().split())


def test_mails_say_their_language_and_break_no_link_and_no_line_is_long(home: Path, mailbox: Mailbox) -> None:
    confirmed = confirm_by_mail(mailbox, replace(ADA, language="de", handles=("ada.paints", "@" + "x" * 90)))
    run_tasks()
    assert [mail["Content-Language"] for mail in mailbox.mails] == ["de", "de"]
    lines = mailbox.newest_text().splitlines()
    assert max(len(line) for line in lines if "/" not in line and "xxx" not in line) <= LINE_CHARS
    assert any(line.endswith(confirmed.status_token) for line in lines)
    assert "\n\n\n" not in mailbox.newest_text()


def test_promised_date_is_not_called_the_law_s_and_a_country_without_authority_gets_ours(
    home: Path, mailbox: Mailbox
) -> None:
    confirm_by_mail(mailbox, replace(ADA, country="AQ"))
    run_tasks()
    assert "We set this date ourselves." in words_of(mailbox)
    assert "by law" not in words_of(mailbox)
    assert "This is the one that supervises us: Data Protection Commission" in words_of(mailbox)


def test_only_who_has_no_account_found_is_told_that_nothing_can_be_recognised(home: Path, mailbox: Mailbox) -> None:
    for handles, told in ((("ada.paints",), False), (("nobody",), True), ((), True)):
        confirm_by_mail(mailbox, replace(ADA, handles=handles, email=f"a{len(mailbox.raw)}@mail.example"))
        run_tasks()
        assert ("Until we find an account of yours" in words_of(mailbox)) is told


@given(st.text(alphabet="ab -\n\t/", max_size=400))
def test_breaking_lines_loses_no_word_and_leaves_no_two_blank_lines(text: str) -> None:
    broken = break_lines(text)
    assert broken.split() == text.split()
    assert "\n\n\n" not in broken
    assert break_lines(broken) == broken
    assert all(len(line) <= LINE_CHARS or len(line.split()) <= 2 for line in broken.splitlines())

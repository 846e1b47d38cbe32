"""What mails say: complete, in the person's language, in lines that every mail reader shows."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from docket_world import ADA, Mailbox, confirm_by_mail, run_tasks
from hypothesis import given
from hypothesis import strategies as st

from demur.docket import mail_text
from demur.docket.mail_text import LINE_CHARS, break_lines, write_mail
from demur.docket.models import Case, MailKind

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


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("country", ["PT", "US", "AQ"])
@pytest.mark.parametrize("handles", [(), ("@ada",), ("@ada", "@" + "long" * 30, "<b> & {{ code }}")])
def test_mail_that_is_kept_says_what_it_would_if_it_were_drawn(
    home: Path, monkeypatch: pytest.MonkeyPatch, handles: tuple[str, ...], country: str, language: str
) -> None:
    case = Case(reference="DMR-0000-ADA0", country=country, language=language)
    case.received_at, case.due_on = datetime(2026, 3, 2, 9, 30, tzinfo=UTC), date(2026, 4, 2)
    own = {"code": "123456", "link": "https://x.example/" + "y" * 80, "receipt_name": "r.json"}
    accounts = {"handles_found": handles, "handles_missing": handles[1:]}

    def mails() -> list[mail_text.MailText]:
        code = write_mail(MailKind.CODE, case, own, minutes=60)
        return [code, write_mail(MailKind.CONFIRMATION, case, {**own, **accounts}, accounts_known=bool(handles))]

    kept = [mails(), mails()]
    monkeypatch.setattr(mail_text, "_KEPT", ())
    assert kept == [mails(), mails()]


def test_what_one_persons_mails_say_is_in_nobody_elses(home: Path, mailbox: Mailbox) -> None:
    mails = {}
    for name in ("ada", "cy", "eve"):
        confirmed = confirm_by_mail(mailbox, replace(ADA, handles=(f"{name}.nobody",), email=f"{name}@mail.example"))
        run_tasks()
        mails[name] = mailbox.newest_text()
        assert confirmed.reference in mails[name]
        assert confirmed.status_token in mails[name]
        mails[name] = mails[name].replace(confirmed.reference, "").replace(confirmed.status_token, "")
        mails[name] = mails[name].replace(f"{name}.nobody", "")
    assert mails["ada"] == mails["cy"] == mails["eve"]

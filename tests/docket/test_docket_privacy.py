"""Nothing personal where it does not belong: headers, logs, error sentences, the sealed outbox."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from docket_world import ADA, NOW, Mailbox, code_of, confirm, run_tasks, wrong
from pytest_django import Settings

from demur.core.account import Account
from demur.core.errors import DemurError, UnsealError
from demur.docket.errors import LodgingRefusedError
from demur.docket.lodging import Lodging
from demur.docket.models import Mail
from demur.docket.secret import unseal_mail
from demur.docket.services import appeal, confirm_code, lodge_objection, withdraw

pytestmark = pytest.mark.django_db(transaction=True)
INJECTION = "x\r\nBcc: cy@mail.example\r\n\r\nsee http://evil.example"


class TalkativeDirectory:
    """A directory whose error quotes what it was asked."""

    def find_accounts(self, handle: str) -> list[Account]:
        raise RuntimeError(f"no such person: {handle}")


@pytest.mark.parametrize("field", ["country", "language", "email"])
def test_line_ends_in_a_field_of_one_word_are_refused(home: Path, field: str) -> None:
    with pytest.raises(LodgingRefusedError) as caught:
        lodge_objection(replace(ADA, **{field: INJECTION}), NOW)  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("changes", [{"name": INJECTION}, {"effect": INJECTION}, {"handles": ("bcc\r\n",)}])
def test_line_ends_in_a_field_never_become_a_header_or_a_recipient(
    home: Path,
    mailbox: Mailbox,
    changes: dict[str, object],
) -> None:
    confirmed = confirm(replace(ADA, **changes))  # type: ignore[arg-type]
    withdraw(confirmed.status_token, NOW)
    run_tasks()
    assert len(mailbox.mails) == 3
    for mail in mailbox.mails:
        assert mail["Bcc"] is None
        assert mail["To"] == "ada@mail.example"
        assert "evil.example" not in str(mail["Subject"])
    assert {tuple(recipients) for recipients in mailbox.recipients} == {("ada@mail.example",)}


def test_mail_never_repeats_free_text_of_a_form_that_nobody_confirmed(home: Path, mailbox: Mailbox) -> None:
    # Otherwise the form would send anybody's words to anybody's address.
    lodge_objection(replace(ADA, name="Buy now", effect="http://evil.example", handles=("evil.example",)), NOW)
    run_tasks()
    assert "evil" not in mailbox.newest_text()
    assert "Buy now" not in mailbox.newest_text()


def test_template_marks_in_a_field_are_only_text(home: Path, mailbox: Mailbox) -> None:
    confirm(replace(ADA, handles=("{{settings.SECRET_KEY}}",)))
    run_tasks()
    assert "{{settings.SECRET_KEY}}: no account found" in mailbox.newest_text()


def personal(lodging: Lodging, *secrets: str) -> list[str]:
    return [lodging.email, "ada.paints", lodging.effect, *secrets]


@pytest.mark.parametrize("answer", ["250 taken", "550 <ada@mail.example>: unknown", "451 <ada@mail.example>: later"])
def test_logs_and_task_rows_hold_nothing_personal(
    home: Path,
    mailbox: Mailbox,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    answer: str,
) -> None:
    settings.DEMUR_ACCOUNT_DIRECTORY = f"{__name__}.TalkativeDirectory"
    caplog.set_level(logging.DEBUG)
    mailbox.answer = answer
    token = lodge_objection(ADA, NOW).continue_token
    code = code_of(token)
    with pytest.raises(DemurError) as caught:
        confirm_code(token, wrong(code), NOW)
    confirmed = confirm_code(token, code, NOW)
    run_tasks()
    with pytest.raises(DemurError):
        appeal(confirmed.status_token, "my own words", NOW)
    # What the test's own mail server says of itself is not our log.
    ours = [record for record in caplog.records if not record.name.startswith(("mail.", "asyncio"))]
    said = "\n".join([*(f"{record.getMessage()} {record.exc_text}" for record in ours), str(caught.value)])
    assert [word for word in personal(ADA, token, confirmed.status_token, code) if word.lower() in said.lower()] == []


def test_waiting_mail_cannot_be_read_in_the_database(home: Path) -> None:
    token = lodge_objection(ADA, NOW).continue_token
    code = code_of(token)
    mail = Mail.objects.get()
    assert code.encode() not in bytes(mail.sealed_body or b"")
    with pytest.raises(UnsealError):
        unseal_mail(bytes(mail.sealed_body or b"")[:-1] + b"x", bytes(mail.salt))


def test_codes_and_links_stand_nowhere_in_the_database(home: Path) -> None:
    token = lodge_objection(ADA, NOW).continue_token
    code = code_of(token)
    confirmed = confirm_code(token, code, NOW)
    with connection.cursor() as cursor:
        dump = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            dump.append(repr(cursor.fetchall()))
    whole = "\n".join(dump)
    assert ADA.email in whole
    assert token not in whole
    assert confirmed.status_token not in whole
    assert f"'{code}'" not in whole

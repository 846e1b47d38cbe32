"""Mail: what travels, what happens when the server says no, and what a kill in the worst moment does."""

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django_tasks_db.models import DBTaskResult
from docket_world import (
    ADA,
    NOW,
    WORKER,
    KillingMailbox,
    Mailbox,
    confirm,
    confirm_by_mail,
    run_tasks,
    worker_environment,
)
from pytest_django import Settings

from demur.docket import delivery
from demur.docket.models import Code, LogEntry, Mail, MailKind, MailState
from demur.docket.services import erase_unconfirmed, lodge_objection
from demur.docket.tasks import append_log_entries, deliver_mail
from demur.docket.worker import reset_interrupted, run_next_task

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def forget(mail_id: int, at: object) -> None:
    """Plan no further attempt."""


def lodged_mail() -> Mail:
    lodge_objection(ADA, NOW)
    return Mail.objects.get()


def test_mail_is_plain_text_that_says_it_is_automatic_and_tracks_nobody(home: Path, mailbox: Mailbox) -> None:
    confirm_by_mail(mailbox)
    run_tasks()
    for mail in mailbox.mails:
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["From"] == "Lumen Platforms Limited <privacy@lumen.example>"
        assert mail["To"] == "ada@mail.example"
        assert {part.get_content_type() for part in mail.walk()} <= {
            "text/plain",
            "multipart/mixed",
            "application/json",
        }


def test_code_mail_tells_code_link_and_what_happens_without_it(home: Path, mailbox: Mailbox) -> None:
    token = lodge_objection(ADA, NOW).continue_token
    run_tasks()
    text = mailbox.newest_text()
    assert f"http://127.0.0.1:8000/privacy/genai/code/{token}\n" in text.replace("\r\n", "\n")
    assert "60 minutes" in text
    assert "If this was not you, do nothing." in text


def test_confirmation_mail_tells_date_limits_link_and_authority(home: Path, mailbox: Mailbox) -> None:
    confirmed = confirm_by_mail(mailbox)
    run_tasks()
    text = " ".join(mailbox.newest_text().split())
    for part in (
        confirmed.reference,
        "Our answer is due by law on",
        "Models that were trained before cannot unlearn",
        f"/privacy/genai/status/{confirmed.status_token}",
        "@Ada.Paints: found",
        "Datenschutzbehörde",
        "dpo@lumen.example",
    ):
        assert part in text


def test_mail_with_a_receipt_waits_until_the_entry_is_logged(home: Path, mailbox: Mailbox) -> None:
    confirm(ADA)
    mail = Mail.objects.get(kind=MailKind.CONFIRMATION)
    deliver_mail.call(mail.pk)
    assert mailbox.raw == []
    append_log_entries.call()
    deliver_mail.call(mail.pk)
    assert len(mailbox.raw) == 1


def test_sent_mail_is_never_sent_again(home: Path, mailbox: Mailbox) -> None:
    mail = lodged_mail()
    for _ in range(3):
        deliver_mail.call(mail.pk)
    assert len(mailbox.raw) == 1


def test_server_that_is_away_is_tried_again_after_growing_pauses_with_the_same_message_id(
    home: Path,
    mailbox: Mailbox,
) -> None:
    mail = lodged_mail()
    mailbox.answer = "451 come back later"
    planned = []
    now = NOW
    for _ in range(4):
        delivery.deliver(mail.pk, now, lambda _, at: planned.append(at))
        now = planned[-1]
    assert [at - start for start, at in zip([NOW, *planned], planned, strict=False)] == list(delivery.PAUSES[:4])
    mailbox.answer = "250 taken"
    delivery.deliver(mail.pk, now - timedelta(seconds=1), forget)
    assert mailbox.raw == []
    delivery.deliver(mail.pk, now, forget)
    assert [sent["Message-ID"] for sent in mailbox.mails] == [mail.message_id]


def test_failed_attempt_plans_its_next_one_in_the_database(home: Path, mailbox: Mailbox) -> None:
    lodged_mail()
    mailbox.answer = "451 come back later"
    run_tasks()
    [waiting] = DBTaskResult.objects.filter(status="READY", task_path=deliver_mail.module_path)
    assert waiting.run_after > NOW


def test_mail_is_given_up_after_five_days(home: Path, settings: Settings) -> None:
    confirm(ADA)
    LogEntry.objects.update(leaf_index=None)
    append_log_entries.call()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1  # nobody listens there
    mail = Mail.objects.get(kind=MailKind.CONFIRMATION)
    planned = [NOW]
    while mail.state != MailState.FAILED:
        delivery.deliver(mail.pk, planned[-1], lambda _, at: planned.append(at))
        mail.refresh_from_db()
    assert timedelta(days=4) < planned[-1] - NOW < timedelta(days=6)
    assert mail.sealed_body is None


def test_address_that_the_server_refuses_for_good_is_not_tried_again(home: Path, mailbox: Mailbox) -> None:
    mail = lodged_mail()
    mailbox.answer = "550 no such mailbox"
    run_tasks()
    mail.refresh_from_db()
    assert (mail.state, mail.sealed_body, mail.attempts) == (MailState.FAILED, None, 1)


def test_code_that_has_expired_is_not_mailed(home: Path, mailbox: Mailbox) -> None:
    mail = lodged_mail()
    delivery.deliver(mail.pk, Code.objects.get().expires_at, forget)
    mail.refresh_from_db()
    assert (mail.state, mail.sealed_body, mailbox.raw) == (MailState.FAILED, None, [])


def test_mail_of_an_erased_case_is_not_sent(home: Path, mailbox: Mailbox) -> None:
    lodged_mail()
    erase_unconfirmed(NOW + timedelta(hours=24))
    run_tasks()
    assert mailbox.raw == []


@pytest.mark.slow
@pytest.mark.parametrize(("mailbox", "copies"), [("DATA", 2), ("QUIT", 1)], indirect=["mailbox"])
def test_worker_killed_around_the_servers_yes_sends_at_most_one_duplicate(
    home: Path,
    mailbox: KillingMailbox,
    copies: int,
) -> None:
    confirm(ADA)
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=worker_environment(home))
    mailbox.worker = worker
    assert worker.wait(timeout=60) == -signal.SIGKILL
    running = DBTaskResult.objects.running().count()
    assert reset_interrupted() == running == 1
    run_tasks()
    sent = [mail["Message-ID"] for mail in mailbox.mails]
    assert sorted(sent) == sorted([*Mail.objects.values_list("message_id", flat=True), *[sent[1]] * (copies - 1)])
    assert set(Mail.objects.values_list("state", flat=True)) == {MailState.SENT}
    assert (home / "worker.lock").exists()


def test_mail_waits_and_is_not_lost_when_the_clock_is_set_back(home: Path, mailbox: Mailbox) -> None:
    mail = lodged_mail()
    planned: list[tuple[int, object]] = []
    delivery.deliver(mail.pk, NOW - MINUTE, lambda mail_id, at: planned.append((mail_id, at)))
    assert not mailbox.raw
    assert planned == [(mail.pk, mail.next_attempt_at)]


def test_mail_does_not_wait_for_a_date_that_only_a_wrong_clock_can_have_planned(home: Path, mailbox: Mailbox) -> None:
    mail = lodged_mail()
    delivery.deliver(mail.pk, NOW - timedelta(days=400), forget)
    assert len(mailbox.raw) == 1


def test_mail_that_is_known_to_have_left_is_not_sent_again_though_the_database_took_no_note(
    home: Path,
    mailbox: Mailbox,
) -> None:
    def refuse_note(execute: Callable[..., object], sql: str, params: Sequence[object], *rest: object) -> object:
        if sql.startswith("UPDATE") and MailState.SENT in params:
            raise OperationalError
        return execute(sql, params, *rest)

    mail = lodged_mail()
    with connection.execute_wrapper(refuse_note), pytest.raises(OperationalError):
        delivery.deliver(mail.pk, NOW, forget)
    delivery.deliver(mail.pk, NOW + MINUTE, forget)
    assert len(mailbox.raw) == 1
    mail.refresh_from_db()
    assert (mail.state, mail.sent_at) == (MailState.SENT, NOW)


def test_address_that_a_server_refused_does_not_get_into_the_table_of_tasks(home: Path, mailbox: Mailbox) -> None:
    def refuse_note(execute: Callable[..., object], sql: str, params: Sequence[object], *rest: object) -> object:
        if sql.startswith("UPDATE") and MailState.FAILED in params:
            raise OperationalError
        return execute(sql, params, *rest)

    lodged_mail()
    mailbox.refused = "550 no such person"
    with connection.execute_wrapper(refuse_note):
        assert run_next_task()
    told = DBTaskResult.objects.failed().get().traceback
    assert "OperationalError" in told
    assert ADA.email not in told


def test_mails_say_their_language_and_break_no_link_and_no_line_is_long(home: Path, mailbox: Mailbox) -> None:
    confirmed = confirm_by_mail(mailbox, replace(ADA, language="de", handles=("ada.paints", "@" + "x" * 90)))
    run_tasks()
    assert [mail["Content-Language"] for mail in mailbox.mails] == ["de", "de"]
    lines = mailbox.newest_text().splitlines()
    assert max(len(line) for line in lines if "/" not in line and "xxx" not in line) <= 72
    assert any(line.endswith(confirmed.status_token) for line in lines)
    assert "" not in lines[:1]
    assert "\n\n\n" not in mailbox.newest_text()


def test_promised_date_is_not_called_the_law_s_and_a_country_without_authority_gets_ours(
    home: Path, mailbox: Mailbox
) -> None:
    confirm_by_mail(mailbox, replace(ADA, country="AQ"))
    run_tasks()
    text = " ".join(mailbox.newest_text().split())
    assert "We set this date ourselves." in text
    assert "by law" not in text
    assert "This is the one that supervises us: Data Protection Commission" in text

"""Mail: what travels, what happens when the server says no, and what a kill in the worst moment does."""

import errno
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from docket_world import (
    ADA,
    CY,
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
from demur.docket.delivery import PAUSES, deliver_due
from demur.docket.models import Code, Mail, MailKind, MailState
from demur.docket.sequencing import append_waiting
from demur.docket.services import erase_unconfirmed, lodge_objection

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


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
    Mail.objects.filter(kind=MailKind.CODE).delete()
    assert deliver_due(NOW) == 0
    assert mailbox.raw == []
    append_waiting()
    assert deliver_due(NOW) == 1
    assert len(mailbox.raw) == 1


def test_sent_mail_is_never_sent_again(home: Path, mailbox: Mailbox) -> None:
    lodged_mail()
    for _ in range(3):
        deliver_due(NOW)
    assert len(mailbox.raw) == 1


def test_server_that_is_away_is_tried_again_after_growing_pauses_with_the_same_message_id(
    home: Path,
    mailbox: Mailbox,
) -> None:
    mail = lodged_mail()
    mailbox.answer = "451 come back later"
    planned = [NOW]
    for _ in range(4):
        deliver_due(planned[-1])
        mail.refresh_from_db()
        planned.append(mail.next_attempt_at)
    assert [later - before for before, later in pairwise(planned)] == list(PAUSES[:4])
    mailbox.answer = "250 taken"
    deliver_due(planned[-1] - timedelta(seconds=1))
    assert mailbox.raw == []
    deliver_due(planned[-1])
    assert [sent["Message-ID"] for sent in mailbox.mails] == [mail.message_id]


def test_mail_is_given_up_after_five_days(home: Path, settings: Settings) -> None:
    confirm(ADA)
    append_waiting()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1  # nobody listens there
    mail = Mail.objects.get(kind=MailKind.CONFIRMATION)
    while mail.state != MailState.FAILED:
        deliver_due(mail.next_attempt_at)
        mail.refresh_from_db()
    assert timedelta(days=4) < mail.next_attempt_at - NOW < timedelta(days=6)
    assert mail.sealed_body is None


def test_address_that_the_server_refuses_for_good_is_not_tried_again(home: Path, mailbox: Mailbox) -> None:
    mail = lodged_mail()
    mailbox.answer = "550 no such mailbox"
    run_tasks()
    mail.refresh_from_db()
    assert (mail.state, mail.sealed_body, mail.attempts) == (MailState.FAILED, None, 1)


def test_code_that_has_expired_is_not_mailed(home: Path, mailbox: Mailbox) -> None:
    mail = lodged_mail()
    deliver_due(Code.objects.get().expires_at)
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
    assert Mail.objects.filter(state=MailState.SENDING).count() == 2
    run_tasks()
    sent = [mail["Message-ID"] for mail in mailbox.mails]
    assert sorted(sent) == sorted([*Mail.objects.values_list("message_id", flat=True), *[sent[1]] * (copies - 1)])
    assert set(Mail.objects.values_list("state", flat=True)) == {MailState.SENT}
    assert (home / "worker.lock").exists()


def test_mail_waits_and_is_not_lost_when_the_clock_is_set_back(home: Path, mailbox: Mailbox) -> None:
    lodged_mail()
    assert deliver_due(NOW - MINUTE) == 0
    assert not mailbox.raw
    assert deliver_due(NOW) == 1


def test_mail_does_not_wait_for_a_date_that_only_a_wrong_clock_can_have_planned(home: Path, mailbox: Mailbox) -> None:
    lodged_mail()
    deliver_due(NOW - timedelta(days=400))
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
        deliver_due(NOW)
    deliver_due(NOW + MINUTE)
    assert len(mailbox.raw) == 1
    mail.refresh_from_db()
    assert (mail.state, mail.sent_at) == (MailState.SENT, NOW)


def test_address_that_a_server_refused_is_not_in_what_a_later_failure_tells(home: Path, mailbox: Mailbox) -> None:
    def refuse_note(execute: Callable[..., object], sql: str, params: Sequence[object], *rest: object) -> object:
        if sql.startswith("UPDATE") and MailState.FAILED in params:
            raise OperationalError
        return execute(sql, params, *rest)

    lodged_mail()
    mailbox.refused = "550 no such person"
    with connection.execute_wrapper(refuse_note), pytest.raises(OperationalError) as caught:
        deliver_due(NOW)
    told = "".join(traceback.format_exception(caught.value))
    assert "OperationalError" in told
    assert ADA.email not in told


def test_mail_that_a_server_chokes_on_keeps_no_other_from_its_reader(home: Path, mailbox: Mailbox) -> None:
    lodge_objection(CY, NOW)
    lodge_objection(ADA, NOW)
    mailbox.choke_on = CY.email
    assert deliver_due(NOW) == 2
    assert mailbox.recipients == [[ADA.email]]


def test_many_mails_go_over_one_connection(home: Path, mailbox: Mailbox) -> None:
    for number in range(5):
        lodge_objection(replace(ADA, email=f"ada{number}@mail.example"), NOW)
    assert deliver_due(NOW) == 5
    assert (len(mailbox.raw), mailbox.connections) == (5, 1)


def test_mail_that_left_is_not_sent_again_though_its_note_was_cut_off_or_is_of_another_time(
    home: Path,
    mailbox: Mailbox,
) -> None:
    lodge_objection(ADA, NOW)
    lodge_objection(CY, NOW)
    left, other = Mail.objects.order_by("pk")
    Mail.objects.filter(pk=left.pk).update(state=MailState.SENDING)
    lines = f"{left.pk} 1900000000\n{other.pk} 1900000000\n{other.pk + 1} 1900\n\n{left.pk}"
    (home / "mails.left").write_text(lines)
    deliver_due(NOW)
    assert mailbox.recipients == [[CY.email]]
    assert not (home / "mails.left").exists()


def test_mail_that_left_is_noted_in_the_table_where_a_full_disk_takes_no_file(
    home: Path,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lodged_mail()

    def refuse(mail_id: int, at: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(delivery, "note_left", refuse)
    for _ in range(3):
        deliver_due(NOW)
    assert len(mailbox.raw) == 1


def test_code_mails_go_before_those_for_which_nobody_sits_waiting(home: Path, mailbox: Mailbox) -> None:
    confirm(ADA)
    Mail.objects.filter(kind=MailKind.CODE).delete()
    append_waiting()
    lodge_objection(CY, NOW + MINUTE)
    deliver_due(NOW + MINUTE)
    assert mailbox.recipients == [[CY.email], [ADA.email]]


def test_server_that_hangs_holds_up_one_round_only_so_long_and_charges_the_others_nothing(
    home: Path,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lodge_objection(ADA, NOW)
    lodge_objection(CY, NOW + MINUTE)
    monkeypatch.setattr(delivery, "_MOST_SECONDS", -1.0)
    deliver_due(NOW + MINUTE)
    assert mailbox.raw == []
    assert set(Mail.objects.values_list("state", "attempts")) == {(MailState.QUEUED, 0)}

"""From the form to the receipt, through a real mail server and a real log."""

import os
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from django.conf import settings
from django.db import connection
from docket_world import ADA, DUBLIN, NOW, Mailbox, confirm_by_mail, load_latest, run_tasks

from demur.core.canonical import instant_text
from demur.core.deadline import GDPR_PERIOD, due_on
from demur.core.objection import CaseState
from demur.core.receipt import parse_receipt, verify_receipt
from demur.docket.models import Case, Mail
from demur.docket.selectors import find_lodging, find_status, receipt_bytes
from demur.docket.services import lodge_objection
from demur.gate.decision import decide
from demur.gate.mapping import parse_mapping
from demur.ledger.keys import KeyRole, load_signer

pytestmark = pytest.mark.django_db(transaction=True)


def test_lodged_objection_shows_a_masked_address_and_five_tries(home: Path, mailbox: Mailbox) -> None:
    token = lodge_objection(ADA, NOW).continue_token
    view = find_lodging(token, NOW)
    assert view is not None
    assert (view.email_masked, view.tries_left, view.expires_at) == ("a…@mail.example", 5, NOW + timedelta(hours=1))


def test_confirmed_objection_is_mailed_with_a_receipt_that_verifies(home: Path, mailbox: Mailbox) -> None:
    confirmed = confirm_by_mail(mailbox)
    run_tasks()
    mail = mailbox.mails[-1]
    assert confirmed.reference in mail["Subject"]
    [attachment] = mail.iter_attachments()
    receipt = parse_receipt(attachment.get_content())
    key = load_signer(home / "keys", KeyRole.LOG).verifier_key
    assert verify_receipt(receipt, key).tree_size >= 1
    assert receipt.statement == {  # no account and no link that the directory knows: the handle is only claimed
        "capacity": "account_holder",
        "controller": "lumen.example",
        "country": "AT",
        "email": "ada@mail.example",
        "handles": ["@Ada.Paints"],
        "received_at": instant_text(NOW),
        "reference": confirmed.reference,
        "scope": "all-ai-training",
    }


def test_confirmation_says_how_the_receipt_is_checked_in_words_that_people_know(home: Path, mailbox: Mailbox) -> None:
    confirm_by_mail(mailbox)
    run_tasks()
    mail = mailbox.mails[-1]
    [attachment] = mail.iter_attachments()
    body = mail.get_body(("plain",))
    assert body is not None
    words = body.get_content()
    assert f"demur verify {attachment.get_filename()} --keys public.keys" in words  # without keys it exits with 6
    assert f"{settings.DEMUR_BASE_URL}/privacy/keys" in words
    assert "suppression" not in words


def test_status_page_tells_state_dates_and_the_list_that_carries_the_case(home: Path, mailbox: Mailbox) -> None:
    confirmed = confirm_by_mail(mailbox)
    run_tasks()
    status = find_status(confirmed.status_token, NOW)
    assert status is not None
    assert status.state is CaseState.RECEIVED
    assert status.due_on == due_on(NOW.astimezone(DUBLIN).date(), GDPR_PERIOD)
    assert status.handles_found == ("@Ada.Paints",)
    assert status.first_list_number == load_latest(home).header.number
    receipt = receipt_bytes(confirmed.status_token)
    assert receipt is not None
    assert parse_receipt(receipt).statement["reference"] == confirmed.reference


def test_published_list_carries_accounts_and_email_but_not_the_resolved_handle(home: Path, mailbox: Mailbox) -> None:
    confirm_by_mail(mailbox)
    run_tasks()
    assert load_latest(home).kinds == {"account": 2, "email": 1}


def test_what_others_write_with_the_address_in_it_is_withheld_as_the_status_page_says(
    home: Path, mailbox: Mailbox
) -> None:
    confirm_by_mail(mailbox)
    run_tasks()
    texts = ["Ask Ada-Mail.example!", "Write to ADA@mail.example for a print.", "ada@mail.example.org is another's"]
    rows = [
        {"id": str(place), "kind": "post", "seen": "all", "by": "lumen:bo", "young": False, "text": text}
        for place, text in enumerate(texts)
    ]
    mapping = parse_mapping(
        b"form: demur-source-mapping/v1\nrow_id: {column: id}\nkind: {column: kind, values: {post: post}}\n"
        b"audience: {column: seen, public: [all]}\nauthor_account: {column: by}\nauthor_is_minor: {column: young}\n"
        b"tagged_accounts: none\ntext: {column: text}\n"
    )
    decision = decide(pa.RecordBatch.from_pylist(rows), mapping, load_latest(home))
    assert decision.withheld_reasons().to_pylist() == [["mentioned-person-objected"]]
    assert decision.kept_mask.tolist() == [True, False, True]


def test_sent_mails_keep_no_body(home: Path, mailbox: Mailbox) -> None:
    confirm_by_mail(mailbox)
    run_tasks()
    assert {(mail.state, mail.sealed_body) for mail in Mail.objects.all()} == {("sent", None)}
    assert Case.objects.count() == 1


def test_database_is_the_one_that_was_asked_for() -> None:
    asked_for_postgresql = os.environ.get("DEMUR_DATABASE_URL", "").startswith("postgresql:")
    assert connection.vendor == ("postgresql" if asked_for_postgresql else "sqlite")

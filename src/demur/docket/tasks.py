"""What happens after a request: logging, mail, publishing.

Tasks are rows of the database, enqueued in the transaction that makes them due; each may run twice, or be cut off at
any instant, without harm.

A task's arguments and errors are stored, so they hold numbers only, and never a word about a person.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from demur.core.canonical import JsonObject
from demur.core.entry import Event
from demur.docket import delivery, publishing, sequencing
from demur.docket.accounts import ask_directory
from demur.docket.models import Case
from demur.docket.resolution import apply_answers, open_handles

_SOMEBODY_WAITS = 10  # a code mail goes before the publishing of a list
_TASK_WAIT_SECONDS = 30.0
_LONGEST_PAUSE = timedelta(hours=6)
_FIRST_PAUSE = timedelta(minutes=1)


@task()
def append_log_entries() -> None:
    """Append the statements that wait to the log, and release the mails that waited for their receipts."""
    sequencing.append_waiting(deliver_mail.enqueue)


@task(priority=_SOMEBODY_WAITS)
def deliver_mail(mail_id: int) -> None:
    """Deliver one mail, or plan its next attempt."""
    delivery.deliver(mail_id, timezone.now(), _deliver_later)


@task()
def publish_list() -> None:
    """Publish a suppression list if one is needed.

    Other requests that wait are dropped: what they were about is committed, so this run sees it. One of them stays
    until the list is out, since a run from a terminal that fails, or is killed, leaves nothing else to remember it.
    """
    waiting = DBTaskResult.objects.ready().filter(task_path=publish_list.module_path)
    reminder = list(waiting.values_list("pk", flat=True)[:1])
    if reminder:
        waiting.exclude(pk__in=reminder).delete()
    now = timezone.now()

    def announce(statement: JsonObject) -> None:
        sequencing.add_statement(Event.LIST_PUBLISHED, statement, now, None)
        append_log_entries.enqueue()

    publishing.publish(now, announce)
    waiting.filter(pk__in=reminder).delete()


@task()
def resolve_handles(case_id: int, attempt: int = 0) -> None:
    """Ask the account directory about a case's open handles, and again later while it does not answer."""
    case = Case.objects.filter(pk=case_id).first()
    handles = [identifier.value for identifier in open_handles(case)] if case else []
    if case is None or not handles:
        return
    answers = ask_directory(handles, _TASK_WAIT_SECONDS)
    with transaction.atomic():
        if answers:
            apply_answers(case, answers)
            publish_list.enqueue()
        if len(answers) < len(handles):
            pause = min(_FIRST_PAUSE * 2 ** min(attempt, 10), _LONGEST_PAUSE)
            resolve_handles.using(run_after=timezone.now() + pause).enqueue(case_id, attempt + 1)


def _deliver_later(mail_id: int, at: datetime) -> None:
    deliver_mail.using(run_after=at).enqueue(mail_id)

"""Bringing statements into the log, in an order that a crash cannot spoil.

1. Read how far the docket knows the log, then which statements wait.
2. Under the log's lock, append those that are not there beyond that point: a crash before step 3 left them there.
3. In one transaction, note each one's place; mails that wait for its receipt are due from then on.

Two runs at once are harmless: the second finds the first one's entries in step 2.
"""

import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from demur.core.canonical import JsonObject, canonical_json
from demur.core.entry import SALT_BYTES, Event, make_entry
from demur.docket.models import Case, LogEntry
from demur.docket.row import insert
from demur.ledger.keys import KeyRole, load_signer
from demur.ledger.log import Log, append_missing

_MOST_AT_ONCE = 500
_NOTE_PLACE = "UPDATE docket_logentry SET leaf_index = %s WHERE id = %s AND leaf_index IS NULL"
"""For many rows at once, which drivers send together; Django's own updates go one by one."""


def add_statement(event: Event, statement: JsonObject, now: datetime, case: Case | None) -> LogEntry:
    """Store a statement that waits for its place, inside the caller's transaction.

    Raises:
        FormatError: the statement holds what canonical JSON cannot; better refused here than when it is appended.
    """
    canonical_json(statement)
    salt = secrets.token_bytes(SALT_BYTES)
    entry = LogEntry(event=event, statement=statement, salt=salt, case=case, created_at=now)
    insert(entry)
    return entry


def append_waiting() -> int:
    """Append some of the statements that wait; return how many got their place.

    Raises:
        DemurError: the log or its key cannot be used; nothing is lost, and the next run goes on.
    """
    highest = LogEntry.objects.aggregate(highest=Max("leaf_index"))["highest"]
    waiting = list(LogEntry.objects.filter(leaf_index=None).order_by("pk")[:_MOST_AT_ONCE])
    if not waiting:
        return 0
    home = Path(settings.DEMUR_HOME)
    with Log(home / "log", load_signer(home / "keys", KeyRole.LOG)) as log:
        raw = [make_entry(Event(row.event), row.statement, bytes(row.salt)).to_bytes() for row in waiting]
        indexes = append_missing(log, raw, 0 if highest is None else highest + 1)
    with transaction.atomic(), connection.cursor() as cursor:
        places = [(leaf_index, row.pk) for row, leaf_index in zip(waiting, indexes, strict=True)]
        cursor.executemany(_NOTE_PLACE, places)
    return len(waiting)

"""Stating something for the log, in the transaction in which it becomes true."""

from datetime import datetime

from demur.core.canonical import JsonObject
from demur.core.entry import Event
from demur.docket.models import Case, LogEntry
from demur.docket.sequencing import add_statement


def record_statement(event: Event, statement: JsonObject, now: datetime, case: Case | None = None) -> LogEntry:
    """Queue a statement for the log; the worker appends it within seconds.

    Args:
        event: what happened.
        statement: what is stated about it.
        now: when.
        case: whose it is; None for what concerns no single person, such as a gate manifest.

    Raises:
        FormatError: the statement holds what canonical JSON cannot.
    """
    return add_statement(event, statement, now, case)

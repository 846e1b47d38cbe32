"""Commits that may reach the disk a moment later."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_LATER = {"postgresql": "SET synchronous_commit = off", "sqlite": "PRAGMA synchronous = NORMAL"}
_AT_ONCE = {"postgresql": "RESET synchronous_commit", "sqlite": "PRAGMA synchronous = FULL"}


@contextmanager
def repeatable_notes() -> Iterator[None]:
    """Do not wait for the disk at each commit inside; outside of a transaction only.

    For notes of work that is done again without harm when the note is lost: that a mail left, where a statement
    stands in the log. A process that dies loses none of them. A power cut, or a PostgreSQL that dies itself, may lose
    those of the last second, as if the work had been cut off just before. Never for what anybody was told.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LATER[connection.vendor])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(_AT_ONCE[connection.vendor])

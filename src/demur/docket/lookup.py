"""Looking up a row by a value that only one can have."""

from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def find_one(rows: QuerySet[M]) -> M | None:
    """Return the only row of a query, None if it has none; without the ordering that `first` adds to every one."""
    return next(iter(rows), None)


def rows_of_case(model: type[M], case_id: int) -> list[M]:
    """Return what a table has of a case, oldest first; as `find_by_key`, for every page."""
    statement = f"SELECT * FROM {model._meta.db_table} WHERE case_id = %s ORDER BY id"  # noqa: S608, SLF001  (as below)
    return list(model._default_manager.raw(statement, [case_id]))  # noqa: SLF001


def find_by_key(model: type[M], column: str, value: object) -> M | None:
    """Return the row that has a value in a unique column; None if there is none.

    For the look-ups of every page: Django works a query out anew each time, which takes it longer than the database
    takes to answer; with the statement given it has nothing to work out.
    """
    statement = f"SELECT * FROM {model._meta.db_table} WHERE {column} = %s"  # noqa: S608, SLF001  (names of ours)
    return next(iter(model._default_manager.raw(statement, [value])), None)  # noqa: SLF001

"""Looking up a row by a value that only one can have."""

from typing import TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def find_one(rows: QuerySet[M]) -> M | None:
    """Return the only row of a query, None if it has none; without the ordering that `first` adds to every one."""
    return next(iter(rows), None)

"""Looking up rows by the value of one column, for the queries of every page.

Django works a query out anew each time, which takes it longer than the database takes to answer. Here it does so once
for each query, and from then on only the value differs that is looked for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
_ANY = 0  # while a query is worked out


@dataclass(frozen=True)
class _Plan:
    """A query that was worked out: its statement, and by column what makes Python's values of the database's."""

    statement: str
    converters: tuple[tuple[int, Sequence[Callable[..., Any]], Any], ...]

    def rows(self, value: str | int) -> Iterator[list[Any]]:
        database = connections[DEFAULT_DB_ALIAS]  # itself, which `connection` would find anew for each value
        with database.cursor() as cursor:
            cursor.execute(self.statement, [value])
            found = cursor.fetchall()
        for row in map(list, found):
            for place, converters, expression in self.converters:
                for convert in converters:
                    row[place] = convert(row[place], expression, database)
            yield row


def find_one(rows: QuerySet[M]) -> M | None:
    """Return the only row of a query, None if it has none; without the ordering that `first` adds to every one."""
    return next(iter(rows), None)


def find_by_key(model: type[M], column: str, value: str | int) -> M | None:
    """Return the row that has a value in a unique column; None if there is none."""
    return next(_rows(model, column, value), None)


def rows_of_case(model: type[M], case_id: int) -> list[M]:
    """Return what a table has of a case, oldest first."""
    return list(_rows(model, "case_id", case_id))


def find_values(model: type[Model], column: str, value: str | int, *names: str) -> list[Any] | None:
    """Return some columns of the row that has a value in a unique one; None if there is none.

    Args:
        model: the table.
        column: in which the value is looked for.
        value: as the database has it.
        names: of the columns; `code__expires_at` for one of another table's row that belongs to it, None without one.
    """
    return next(_plan(model, column, names).rows(value), None)


def _rows(model: type[M], column: str, value: str | int) -> Iterator[M]:
    names = _columns(model)
    return (model.from_db(DEFAULT_DB_ALIAS, names, row) for row in _plan(model, column, names).rows(value))


@cache
def _columns(model: type[Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)  # noqa: SLF001  (public, for all its name)


@cache
def _plan(model: type[Model], column: str, names: tuple[str, ...]) -> _Plan:
    rows = model._default_manager.filter(**{column: _ANY}).order_by("pk").values_list(*names)  # noqa: SLF001  (as above)
    compiler = rows.query.get_compiler(connection=connection)
    statement, _ = compiler.as_sql()
    converters = compiler.get_converters([expression for expression, _, _ in compiler.select])
    return _Plan(statement, tuple((place, *found) for place, found in converters.items()))

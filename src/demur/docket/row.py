"""Adding and changing rows, for what every objection does: by statements that are worked out once, not each time."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.models import Field, Model

_ROWS_AT_ONCE = 100


def insert(row: Model) -> None:
    """Add a row, as `save` does for a new one; it gets its id.

    Raises:
        IntegrityError: the database refuses it.
    """
    _insert(row, "RETURNING id")


def insert_if_free(row: Model, column: str) -> bool:
    """Add a row, which gets its id; False if its value in a unique column is taken, and then nothing is added."""
    return _insert(row, f"ON CONFLICT ({column}) DO NOTHING RETURNING id")


def insert_missing(rows: Sequence[Model]) -> None:
    """Add rows of one table, but none that breaks a rule of uniqueness. They get no ids."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        with connection.cursor() as cursor:
            statement = _statement(type(some[0]), len(some), "ON CONFLICT DO NOTHING")
            cursor.execute(statement, list(chain.from_iterable(map(_values, some))))


def own_transaction() -> AbstractContextManager[None]:
    """Return the transaction for a single statement that writes, which commits it.

    PostgreSQL makes one by itself. On SQLite a writer waits for its turn at the beginning of one (demur.docket.sqlite).
    """
    return transaction.atomic() if connection.vendor == "sqlite" else nullcontext()


def change_if_still(row: Model, still: Mapping[str, object], changes: Mapping[str, object]) -> bool:
    """Change columns of a row, in the table and in `row`, if others still have the values that the caller read.

    Returns:
        Whether they have; otherwise nothing is changed.
    """
    values = {"id": row.pk, **still}
    with connection.cursor() as cursor:
        statement = _change_statement(type(row), tuple(changes), tuple(values))
        cursor.execute(statement, [*_as_stored(row, changes), *_as_stored(row, values)])
        is_changed = bool(cursor.rowcount == 1)
    if is_changed:
        for name, value in changes.items():
            setattr(row, name, value)
    return is_changed


def _as_stored(row: Model, values: Mapping[str, object]) -> list[Any]:
    field, database = row._meta.get_field, connections[DEFAULT_DB_ALIAS]  # noqa: SLF001  (public, for all its name)
    return [field(name).get_db_prep_save(value, database) for name, value in values.items()]  # type: ignore[union-attr]


def _insert(row: Model, ending: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_statement(type(row), 1, ending), _values(row))
        found = cursor.fetchone()
    if found:
        (row.pk,) = found
        row._state.adding = False  # noqa: SLF001  (Django's own documentation names it)
    return bool(found)


def _values(row: Model) -> list[Any]:
    # The connection itself, which `connection` would find anew for each value: that takes longer than the rest.
    database = connections[DEFAULT_DB_ALIAS]
    return [field.get_db_prep_save(getattr(row, field.attname), database) for field in _fields(type(row))]


@cache
def _fields(model: type[Model]) -> "tuple[Field[Any, Any], ...]":
    """Return the columns of a table, without the id, which the database gives."""
    return tuple(field for field in model._meta.concrete_fields if not field.primary_key)  # noqa: SLF001  (public)


@cache
def _statement(model: type[Model], rows: int, ending: str) -> str:
    columns = [f'"{field.column}"' for field in _fields(model)]
    values = f"({', '.join(['%s'] * len(columns))})"
    table = model._meta.db_table  # noqa: SLF001  (public)
    return f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES {", ".join([values] * rows)} {ending}'  # noqa: S608


@cache
def _change_statement(model: type[Model], changes: tuple[str, ...], still: tuple[str, ...]) -> str:
    new = ", ".join(f'"{name}" = %s' for name in changes)
    old = " AND ".join(f'"{name}" = %s' for name in still)
    return f'UPDATE "{model._meta.db_table}" SET {new} WHERE {old}'  # noqa: S608, SLF001  (names of ours; public)

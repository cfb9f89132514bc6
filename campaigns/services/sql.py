"""Batch statements that the ORM has no form for, written once for PostgreSQL and SQLite: UPDATE … FROM a table of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection

Value = int | float | str | bool | dt.datetime | dt.date | None
Rows = Sequence[Sequence[Value]]


def adapt(value: Value) -> Value:
    """A value as the database stores it; SQLite keeps times as Django's text form."""
    if isinstance(value, dt.datetime):
        return str(connection.ops.adapt_datetimefield_value(value)) if connection.vendor == "sqlite" else value
    if isinstance(value, dt.date):
        return str(connection.ops.adapt_datefield_value(value)) if connection.vendor == "sqlite" else value
    return value


def values(rows: Rows, types: Sequence[str]) -> tuple[str, list[Any]]:
    """The text and parameters of a table made of `rows`, in their order: unnested arrays on PostgreSQL, whose text is the same
    for any number of rows and is parsed once; VALUES on SQLite.
    """
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{kind}[]" for kind in types)
        return f"SELECT * FROM unnest({arrays})", [list(column) for column in zip(*rows, strict=True)]  # noqa: S608
    row = f"({', '.join(['%s'] * len(types))})"
    return f"VALUES {', '.join([row] * len(rows))}", [adapt(value) for row in rows for value in row]


def update_rows(
    table: str, *, columns: Sequence[tuple[str, str]], assign: str, where: str, rows: Rows, key: str = "id"
) -> list[int]:
    """UPDATE `table` AS t, one of `rows` (named v, with `columns` as (name, type)) for each row that `where` pairs with it.

    Gives the keys of the rows that changed: a driver's row count is not to be trusted behind a WITH. No rows, no statement.
    """
    if not rows:
        return []
    text, params = values(rows, [kind for _, kind in columns])
    names = ", ".join(name for name, _ in columns)
    changed = key if connection.vendor == "sqlite" else f"t.{key}"  # SQLite knows no alias there, PostgreSQL wants one
    # Table and column names are constants of this package; every value is a parameter.
    statement = (
        f"WITH v ({names}) AS ({text}) UPDATE {table} AS t SET {assign} FROM v WHERE {where} RETURNING {changed}"  # noqa: S608
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [row[0] for row in cursor.fetchall()]


def execute(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [adapt(value) for value in params])
        return cursor.fetchall() if cursor.description else []

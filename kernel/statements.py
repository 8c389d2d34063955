"""Writes of single rows, in SQL that is built once where every sale writes it.

A query set builds its SQL anew for each row, which costs more than the database needs to run it.
These keep the text per model and columns, so that the driver can prepare it.
Values go through the fields' own conversion; signals are not sent (nothing here listens to any).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

from django.db import connection, models
from django.db.models import Field

Counting: TypeAlias = tuple[str, tuple[Any, ...]]


def insert(row: models.Model) -> None:
    """Insert ``row`` and set its primary key, like ``row.save(force_insert=True)``."""
    if not _inserted(row, or_nothing=False):
        raise RuntimeError(f"{row!r}: the database returned no key")


def insert_with(
    row: models.Model,
    many: type[models.Model],
    *,
    parent: str,
    rows: Sequence[Mapping[str, str | int | bool]],
) -> None:
    """Insert ``row``, and ``rows`` of ``many`` whose ``parent`` it is, in one statement.

    Each of them names the same columns. ``row`` gets its primary key.
    """
    sql, fields = _insert_with_sql(type(row), many, parent, tuple(rows[0]))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_prepared(fields, row), json.dumps(rows, ensure_ascii=False)])
        [(row.pk,)] = cursor.fetchall()
    row._state.adding, row._state.db = False, connection.alias


def insert_once(row: models.Model) -> bool:
    """Insert ``row`` unless a unique key of its stands already; say whether it is new."""
    return _inserted(row, or_nothing=True)


def insert_shaped(sql: str, row: Mapping[str, object], **others: object) -> tuple[Any, ...] | None:
    """Run an INSERT whose shape is ``sql``; return the row that it returns, or None.

    In ``sql``, a constant of the caller's, ``{columns}`` stands for the columns of ``row`` and
    ``{values}`` for their values; both and ``others`` are parameters by their names.
    """
    values: dict[str, Any] = {**row, **others}
    with connection.cursor() as cursor:
        cursor.execute(_shaped(sql, tuple(row)), values)
        made: tuple[Any, ...] | None = cursor.fetchone()
    return made


def update_where(
    model: type[models.Model], *, where: Mapping[str, object], written: Mapping[str, object]
) -> int:
    """Write plain values to the rows whose columns equal ``where``; return how many there were.

    None in ``where`` equals nothing, as in SQL.
    """
    sql = _update_sql(model, tuple(written), tuple(where))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*_values(model, written), *_values(model, where)])
        return int(cursor.rowcount)


def counting(rows: models.QuerySet[Any]) -> Counting:
    """Return the statement that counts ``rows``, and its values: for who asks it often to keep."""
    sql, values = rows.order_by().values("pk").query.sql_with_params()
    return f"SELECT count(*) FROM ({sql}) counted", values  # noqa: S608  # the query set's own


def _inserted(row: models.Model, *, or_nothing: bool) -> bool:
    sql, fields = _insert_sql(type(row), row.pk is not None, or_nothing)
    values = _prepared(fields, row)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        made = cursor.fetchone()
    if made is None:
        return False
    row.pk = made[0]
    row._state.adding, row._state.db = False, connection.alias
    return True


def _prepared(fields: Sequence[Field[Any, Any]], row: models.Model) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


def _values(model: type[models.Model], named: Mapping[str, object]) -> list[Any]:
    return [
        _field(model, name).get_db_prep_save(
            value.pk if isinstance(value, models.Model) else value, connection
        )
        for name, value in named.items()
    ]


def _field(model: type[models.Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field("id" if name == "pk" else name)
    if not isinstance(field, Field):
        raise TypeError(f"{model.__name__}.{name} is no column")
    return field


@cache
def _shaped(sql: str, columns: tuple[str, ...]) -> str:
    values = ", ".join(f"%({column})s" for column in columns)
    return sql.format(columns=", ".join(columns), values=values)


@cache
def _insert_sql(
    model: type[models.Model], has_key: bool, or_nothing: bool
) -> tuple[str, tuple[Field[Any, Any], ...]]:
    fields = tuple(
        field for field in model._meta.concrete_fields if has_key or not field.primary_key
    )
    sql = (
        f"INSERT INTO {_quoted(model._meta.db_table)}"  # noqa: S608  # names of our own columns
        f" ({', '.join(_quoted(field.column) for field in fields)})"
        f" VALUES ({', '.join(['%s'] * len(fields))})"
        f"{' ON CONFLICT DO NOTHING' if or_nothing else ''}"
        f" RETURNING {_quoted(model._meta.pk.column)}"
    )
    return sql, fields


@cache
def _insert_with_sql(
    model: type[models.Model], many: type[models.Model], parent: str, columns: tuple[str, ...]
) -> tuple[str, tuple[Field[Any, Any], ...]]:
    one, fields = _insert_sql(model, False, False)
    names = ", ".join(_quoted(column) for column in columns)
    # Without its length: what becomes a varchar(9) is cut, where the column refuses it.
    types = [str(_field(many, column).db_type(connection)).partition("(")[0] for column in columns]
    typed = ", ".join(f"{_quoted(name)} {each}" for name, each in zip(columns, types, strict=True))
    of_parent, key = _quoted(_field(many, parent).column), _quoted(model._meta.pk.column)
    sql = (
        f"WITH one AS ({one}), many AS ("  # noqa: S608  # names of our own columns
        f" INSERT INTO {_quoted(many._meta.db_table)} ({of_parent}, {names})"
        f" SELECT one.{key}, each.* FROM one, json_to_recordset(%s::json) AS each ({typed}))"
        f" SELECT {key} FROM one"
    )
    return sql, fields


@cache
def _update_sql(model: type[models.Model], written: tuple[str, ...], where: tuple[str, ...]) -> str:
    def pairs(names: tuple[str, ...], between: str) -> str:
        return between.join(f"{_quoted(_field(model, name).column)} = %s" for name in names)

    table = _quoted(model._meta.db_table)
    return f"UPDATE {table} SET {pairs(written, ', ')} WHERE {pairs(where, ' AND ')}"  # noqa: S608  # names of our own columns


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")

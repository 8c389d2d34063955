"""Each column of a row as somebody who writes to the database could change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.utils import timezone

from ledger import rows

Found = Counter[tuple[Any, ...]]


def others(field: models.Field[Any, Any], value: Any) -> Iterator[Any]:
    """Yield other values of a column: every other word of its list, or one more; and none."""
    if field.choices:
        yield from (word for word, _ in field.flatchoices if word != value)
    elif isinstance(field, models.BooleanField):
        yield not value
    elif isinstance(field, models.JSONField):
        yield {**(value or {}), "x": 1}
    elif isinstance(field, ArrayField):
        yield [*value, "x"]
    elif isinstance(field, models.DateTimeField):
        yield (value or timezone.now()) + timedelta(hours=1)
    elif isinstance(field, models.DateField):
        yield (value or timezone.now().date()) + timedelta(days=1)
    elif isinstance(field, models.BinaryField):
        yield bytes(value or b"") + b"a"
    elif isinstance(field, models.CharField | models.TextField) or isinstance(value, str):
        yield _other_text(value or "")
        if value and field.blank:
            yield ""
    else:
        yield _another_row(field, value) or (value or 0) + 1_000_003
    if field.null and value is not None:
        yield None


def _another_row(field: models.Field[Any, Any], value: Any) -> Any:
    """Return the key of another row that a foreign key may point at; None for anything else."""
    if not isinstance(field, models.ForeignKey):
        return None
    rows = field.related_model._base_manager.exclude(pk=value)  # type: ignore[union-attr]  # a model by now
    return rows.order_by("pk").values_list("pk", flat=True).first()


def _other_text(value: str) -> str:
    last = "b" if value.endswith("a") else "a"
    return value[:-1] + last


def lift_guards(tables: list[str]) -> None:
    """Take away what would refuse a change, as the tables' owner could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('c', 'f', 'u')",
            [tables],
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE')
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index"
            " WHERE indrelid::regclass::text = ANY(%s) AND indisunique AND NOT indisprimary",
            [tables],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def compared(table: str) -> list[rows.Comparison]:
    """Return the comparisons that read ``table`` at all."""
    return [each for each in rows.comparisons() if table in each.sql]


def findings(comparison: rows.Comparison) -> Found:
    """Return all that one comparison finds."""
    with connection.cursor() as cursor:
        cursor.execute(comparison.sql)
        found = cursor.fetchall()
    return Counter(comparison.read(found) if comparison.read else found)


class Undone(Exception):
    """What was changed is taken back."""


def is_found(table: str, column: str, key: int, value: Any, *, before: dict[str, Found]) -> bool:
    """Say whether a comparison finds more than ``before`` once one column of a row was changed."""
    is_seen = False
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    f'UPDATE {table} SET "{column}" = %s WHERE id = %s',  # our own names
                    [value, key],
                )
            is_seen = any(findings(each) - before[each.name] for each in compared(table))
            raise Undone
    except Undone:
        return is_seen


def moment(value: object) -> object:
    """Return how a value is shown: without the part that differs from run to run."""
    return "a time" if isinstance(value, datetime) else value

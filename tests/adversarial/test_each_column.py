"""Any one column of an agent's or an approver's rows, changed past us, is found by the books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import connection, models

from tests.adversarial.columns import compared, findings, is_found, lift_guards, others
from tests.adversarial.history import write_history
from tests.adversarial.uncompared import UNCOMPARED
from tests.outside import _outside, outside, pages_use_outside
from tests.owner import as_owner
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.spending.conftest import _can_buy

__all__ = ["_can_buy", "_outside", "outside", "pages_use_outside"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]

MODELS: Final = [
    model
    for label in ("toolrouter", "approvals")
    for model in apps.get_app_config(label).get_models()
]


def sort_of(row: models.Model) -> str:
    """Return which sort of row it is, where not all of a table are compared alike."""
    table = row._meta.db_table
    if table == "toolrouter_toolcall" and row.risk == "read":
        return f"{table} (read)"
    if table == "approvals_stepup" and row.used_at is None:
        return f"{table} (unused)"
    if table == "toolrouter_providerreceipt" and row.state == "pending":
        return f"{table} (pending)"
    return table


def one_of_each_shape(model: type[models.Model]) -> Iterator[models.Model]:
    """Yield one row of each state and set of filled columns."""
    seen = set()
    for row in model._default_manager.order_by("pk"):
        shape = tuple(
            value if field.choices or isinstance(value, bool) else bool(value)
            for field in model._meta.concrete_fields
            for value in [getattr(row, field.attname)]
        )
        if shape not in seen:
            seen.add(shape)
            yield row


def not_found(model: type[models.Model]) -> dict[str, list[str]]:
    """Return the columns in which a change is found by nothing, each with the changes."""
    table, missed = model._meta.db_table, defaultdict(list)
    before = {each.name: findings(each) for each in compared(table)}
    for row in one_of_each_shape(model):
        for field in model._meta.concrete_fields:
            if field.primary_key:
                continue
            value = getattr(row, field.attname)
            for other in others(field, value):
                prepared: Any = field.get_db_prep_save(other, connection)
                if not is_found(table, field.column, row.pk, prepared, before=before):
                    name = f"{sort_of(row)}.{field.column}"
                    missed[name].append(f"{row}: {value!r} -> {other!r}"[:200])
    return missed


def test_any_one_column_that_was_changed_past_us_is_found(outside: RunningSandbox) -> None:
    write_history(outside)
    assert [model.__name__ for model in MODELS if not model._default_manager.exists()] == []
    missed: dict[str, list[str]] = {}
    with as_owner():
        lift_guards([model._meta.db_table for model in MODELS])
        for model in MODELS:
            missed |= not_found(model)

    unknown = [f"{name}: {missed[name]}" for name in missed if name not in UNCOMPARED]
    assert not unknown, "\n".join(unknown)
    assert set(UNCOMPARED) <= set(missed), "it is compared: take it off the list"

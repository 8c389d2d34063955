"""The requests that wait for one person, as ``kernel.waiting_list`` asks them."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.db.models import CharField, F, Value

from approvals.queries.requests import may_decide_any, waits_for
from kernel.modes import Mode
from kernel.waiting_list import COUNTED_MAX, PersonalKind, Statement


def _select(person: User) -> Statement | None:
    """Return what waits for ``person``, soonest to expire first."""
    if not may_decide_any(person):
        return None
    nothing = Value("", output_field=CharField())
    rows = waits_for(person).exclude(mode=Mode.SAMPLE).order_by("decide_by", "pk")
    columns = rows.annotate(handle=nothing, nobody=nothing).values_list(
        "handle", "reference", "rule", "mode", "amount_minor", "currency", "opened_at",
        F("decide_by"), "nobody",
    )  # fmt: skip
    return columns[:COUNTED_MAX].query.sql_with_params()


REQUESTS: Final = PersonalKind(id="approval", select=_select)

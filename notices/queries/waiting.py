"""The alerts that stand, as ``kernel.waiting_list`` asks them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from django.db.models import BigIntegerField, Case, CharField, DateTimeField, F, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Trim

from kernel.modes import Mode
from kernel.waiting_list import COUNTED_MAX, Statement, WaitingKind
from notices import kinds
from notices.enums import AlertStanding
from notices.kinds import Kind
from notices.models import OperatorAlert
from notices.queries.alerts import is_listed_elsewhere, stands


def _select() -> Statement:
    """Return what stands on everybody's list, newest first; a snoozed alert once its day came."""
    return _written(tuple(kinds.known().values()))


@lru_cache(maxsize=1)  # every page of the console counts what waits; the words are always the same
def _written(registered: Sequence[Kind]) -> Statement:
    alerts = OperatorAlert.objects.filter(stands(AlertStanding.OPEN)).exclude(mode=Mode.SAMPLE)
    text = CharField()
    named = [
        When(
            kind=kind.name,
            then=Coalesce(KT(f"facts__{kind.named_by}"), F("subject"), output_field=text),
        )
        for kind in registered
        if kind.named_by
    ]
    name = Concat("assigned_to__first_name", Value(" "), "assigned_to__last_name")
    rows = alerts.exclude(is_listed_elsewhere()).values_list(
        "reference",
        Case(*named, default=F("subject"), output_field=text),
        "kind",
        "mode",
        Cast(KT("facts__amount_minor"), BigIntegerField()),
        Coalesce(KT("facts__currency"), Value(""), output_field=text),
        "raised_at",
        Cast(Value(None), DateTimeField()),
        Coalesce(NullIf(Trim(name), Value("")), "assigned_to__email", Value(""), output_field=text),
    )
    return rows.order_by("-pk")[:COUNTED_MAX].query.sql_with_params()


ALERTS: Final = WaitingKind(id="alert", select=_select)

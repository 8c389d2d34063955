"""Which of our records may hold words about a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import connection
from django.db.models import Model, Q

from toolrouter.enums import Scope
from toolrouter.models import GrantSubject, Incident, Purchase, SafetyChange, Stop, ToolCall

WITH_REASONS: Final[tuple[type[Model], ...]] = (SafetyChange, Stop, Incident)


def runs_about(contact_ids: Sequence[int]) -> list[str]:
    """Return the runs that know of these contacts. Two statements.

    A contact is crm's, whose table is read by name here: what a grant names is its reference.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT reference FROM crm_contact WHERE id = ANY(%s)", [list(contact_ids)])
        refs = [ref for (ref,) in cursor.fetchall()]
    runs = GrantSubject.objects.filter(subject_ref__in=refs)
    return sorted(set(runs.values_list("grant__run_ref", flat=True)))


def reasons_about(contact_ids: Sequence[int]) -> list[str]:
    """Return the records whose reasons may speak of these contacts, and are still there."""
    run_refs = runs_about(contact_ids) if contact_ids else []
    return [
        reference
        for model in WITH_REASONS
        for reference in model._default_manager.filter(scope=Scope.RUN, ref__in=run_refs)
        .exclude(reason_salt="")
        .order_by("pk")
        .values_list("reference", flat=True)
    ]


def calls_about(contact_ids: Sequence[int]) -> list[str]:
    """Return the tool calls of runs that know of these contacts whose words are still there."""
    run_refs = runs_about(contact_ids) if contact_ids else []
    calls = ToolCall.objects.filter(run_ref__in=run_refs).exclude(asked_salt="")
    return list(calls.order_by("pk").values_list("reference", flat=True))


def purchases_about(contact_ids: Sequence[int]) -> list[str]:
    """Return the purchases of runs that know of these contacts whose words or file are there."""
    run_refs = runs_about(contact_ids) if contact_ids else []
    kept = ~Q(words_salt="") | ~Q(reason_salt="") | Q(file__isnull=False) & ~Q(file__salt="")
    purchases = Purchase.objects.filter(kept, run_ref__in=run_refs)
    return list(purchases.order_by("pk").values_list("reference", flat=True))

"""Telling operators of differences between the books: each once, until it is gone or changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from kernel.modes import Mode
from ledger import queries as ledger
from notices import operations as notices
from revenue.enums import AlertKind

LEDGER_TOLD_MAX: Final = 20
TOLD_MAX: Final = 200  # of one run; the page of the run names them all


def tell_differences(
    items: Mapping[str, Mapping[str, Any]],
    *,
    mode: Mode,
    since: date,
    now: datetime,
    in_the_ledger: ledger.Report | None = None,
) -> int:
    """Raise an alert for each difference; close those of days since ``since`` that are gone.

    ``items`` maps what makes a difference itself to its facts: day, kind, currency, amounts, the
    object's id and the order's reference. ``in_the_ledger`` names entries and rows that differ.
    Returns how many alerts were closed.
    """
    for item, facts in list(items.items())[:TOLD_MAX]:
        notices.raise_alert(
            kind=AlertKind.RECONCILE_DIFFERENCE,
            item=item,
            subject=str(facts["order_ref"] or facts["object_id"]),
            mode=mode,
            now=now,
            facts={
                "day": facts["day"],
                "what": facts["kind"],
                "object": facts["object_id"],
                "amount_minor": facts["theirs_minor"] - facts["ours_minor"],
                "currency": facts["currency"],
            },
        )
    differences = _tell_of_ledger(in_the_ledger or ledger.Report(), mode=mode, now=now)
    return notices.close_other_alerts(
        kind=AlertKind.RECONCILE_DIFFERENCE,
        items=[*items, *differences],
        mode=mode,
        since=since,
        now=now,
    )


def _tell_of_ledger(report: ledger.Report, *, mode: Mode, now: datetime) -> list[str]:
    """Raise an alert for each of the first findings; return what makes each of them itself."""
    items = {f"ledger:{found.code}:{found.what}": found for found in report.findings}
    for item, found in list(items.items())[:LEDGER_TOLD_MAX]:
        notices.raise_alert(
            kind=AlertKind.RECONCILE_DIFFERENCE,
            item=item,
            subject=found.what,
            mode=mode,
            now=now,
            facts={"day": f"{now:%Y-%m-%d}", "what": "the ledger", "object": found.what},
        )
    return list(items)

"""When our books were last compared with Stripe's, and what differed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from kernel.modes import Mode
from kernel.paging import Cursor, Page, page_of
from notices import queries as notices
from revenue.enums import AlertKind, Gap
from revenue.models import ReconcileRun

ROWS_PER_PAGE: Final = 50
STILL_OPEN: Final = MappingProxyType(
    {
        Gap.YOUNG: "the last 15 minutes are still open",
        Gap.UNDER_WAY: "banks still process a part",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileSummary:
    """How one comparison ended."""

    id: int
    started_at: datetime
    finished_at: datetime | None
    error_class: str
    error_code: str
    differences: int
    ledger_findings: int


def newest_reconcile(*, mode: str) -> ReconcileSummary | None:
    """Return how the newest comparison in ``mode`` ended. One statement."""
    run = newest_run(mode=mode)
    if run is None:
        return None
    return ReconcileSummary(
        id=run.pk,
        started_at=run.started_at,
        finished_at=run.finished_at,
        error_class=run.error_class,
        error_code=run.error_code,
        differences=len(run.differences),
        ledger_findings=len(run.ledger_findings),
    )


def newest_run(*, mode: str) -> ReconcileRun | None:
    """Return the newest comparison in ``mode`` that came to an end. One statement."""
    ended = ReconcileRun.objects.filter(mode=mode, finished_at__isnull=False)
    return ended.defer("days", "listed").order_by("-pk").first()


def reconcile_run(run_id: int) -> ReconcileRun | None:
    """Return one comparison with its totals, or None."""
    return ReconcileRun.objects.filter(pk=run_id).first()


def reconcile_runs_page(*, cursor: Cursor) -> Page[ReconcileRun]:
    """Return one page of comparisons, newest first, without their totals. One statement."""
    runs = ReconcileRun.objects.defer("days", "listed")
    return page_of(runs, cursor=cursor, limit=ROWS_PER_PAGE)


def still_open(run: ReconcileRun) -> str:
    """Say which of a run's totals are unequal without being a difference; "" where all agree."""
    unequal = [row for row in run.days if row["ours_minor"] != row["theirs_minor"]]
    reasons = {row.get("because") for row in unequal}
    return " and ".join(words for reason, words in STILL_OPEN.items() if reason in reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """A difference of one run, and the alert about it that nobody has dealt with ("" if none)."""

    facts: Mapping[str, Any]
    alert_ref: str

    @property
    def gap_minor(self) -> int:
        """What Stripe has more than we do."""
        return int(self.facts["theirs_minor"] - self.facts["ours_minor"])


def differences_of(run: ReconcileRun) -> list[DifferenceRow]:
    """Return what differed in one run, each with its open alert. One statement."""
    open_alerts = notices.open_alerts(kind=AlertKind.RECONCILE_DIFFERENCE, mode=Mode(run.mode))
    return [
        DifferenceRow(facts=facts, alert_ref=open_alerts.get(_item(facts), ""))
        for facts in run.differences
    ]


def _item(facts: Mapping[str, Any]) -> str:
    names = ("kind", "object_id", "currency", "ours_minor", "theirs_minor")
    return ":".join(str(facts[name]) for name in names)

"""Everything that operators were alerted of and nobody has dealt with, page by page."""

from __future__ import annotations

from typing import Final

from kernel.modes import Mode
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from revenue.enums import AlertKind
from revenue.models import Dispute, OperatorAlert
from revenue.policy import DISPUTES_TO_ANSWER
from revenue.queries.waiting import ALERT, ALERTS_TOLD_ELSEWHERE, WaitingItem

ROWS_PER_PAGE: Final = 50


def open_alerts(*, cursor: Cursor, kind: str = "") -> Page[WaitingItem]:
    """Return one page of the open alerts, newest first; "" means any kind. Two statements.

    Alerts about what waits in a list of its own are left out, as on the dashboard.
    """
    alerts = OperatorAlert.objects.filter(closed_at__isnull=True).exclude(mode=Mode.SAMPLE)
    alerts = alerts.filter(kind=kind) if kind else alerts
    page = page_of(
        alerts.exclude(kind__in=ALERTS_TOLD_ELSEWHERE), cursor=cursor, limit=ROWS_PER_PAGE
    )
    disputes = {alert.item for alert in page.rows if alert.kind == AlertKind.DISPUTE_OPENED}
    to_answer = Dispute.objects.filter(stripe_id__in=disputes, status__in=DISPUTES_TO_ANSWER)
    due = dict(to_answer.values_list("stripe_id", "evidence_due_at"))
    return page.map(
        lambda alert: WaitingItem(
            what=ALERT,
            alert_ref=alert.reference,
            reference=alert.subject,
            detail=alert.kind,
            mode=alert.mode,
            amount=_amount(alert),
            at=alert.raised_at,
            due_at=due.get(alert.item),
        )
    )


def _amount(alert: OperatorAlert) -> Money | None:
    minor, currency = alert.facts.get("amount_minor"), alert.facts.get("currency")
    return Money(int(minor), str(currency)) if minor is not None and currency else None

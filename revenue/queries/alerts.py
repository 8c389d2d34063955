"""What operators were alerted of: lists of what stands, sleeps or was dismissed, and one of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from kernel.modes import Mode
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from kernel.state_words import OperatorWords
from revenue.enums import AlertKind, AlertStanding, OrderState
from revenue.enums.for_operators import ALERTS
from revenue.models import Dispute, OperatorAlert, Order
from revenue.policy import DISPUTES_NOT_WAITING
from revenue.queries.waiting import ALERT, ALERTS_TOLD_ELSEWHERE, WaitingItem

ROWS_PER_PAGE: Final = 50
TO_TEND: Final = "revenue.review_order"  # who has it may dismiss, snooze, assign, be assigned


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFile:
    """One alert, as its page shows it."""

    alert: OperatorAlert
    amount: Money | None
    standing: AlertStanding
    not_dismissed_because: str

    @property
    def state_words(self) -> OperatorWords:
        """Return what its standing says to operators."""
        return ALERTS[self.standing]


def alerts_page(
    *,
    cursor: Cursor,
    standing: AlertStanding = AlertStanding.OPEN,
    kind: str = "",
    assigned_to_id: int | None = None,
) -> Page[WaitingItem]:
    """Return one page of the alerts that stand so, newest first; "" and None mean any.

    One statement. Alerts about what waits in a list of its own are left out, as on the dashboard.
    """
    alerts = OperatorAlert.objects.filter(_stands(standing)).exclude(mode=Mode.SAMPLE)
    alerts = alerts.filter(kind=kind) if kind else alerts
    if assigned_to_id is not None:
        alerts = alerts.filter(assigned_to=assigned_to_id)
    alerts = alerts.exclude(kind__in=ALERTS_TOLD_ELSEWHERE).exclude(
        _waits_as_dispute() | _waits_as_owed()
    )
    page = page_of(alerts.select_related("assigned_to"), cursor=cursor, limit=ROWS_PER_PAGE)
    return page.map(_item)


def alert_file(reference: str) -> AlertFile | None:
    """Return one alert, or None. At most two statements."""
    people = OperatorAlert.objects.select_related("assigned_to", "closed_by")
    alert = people.annotate(is_asleep=_is_asleep()).filter(reference=reference).first()
    if alert is None:
        return None
    standing = AlertStanding.OPEN
    if alert.closed_at is not None:
        standing = AlertStanding.DISMISSED if alert.closed_by_id else AlertStanding.ENDED
    elif alert.is_asleep:
        standing = AlertStanding.SNOOZED
    return AlertFile(
        alert=alert,
        amount=_amount(alert),
        standing=standing,
        not_dismissed_because=why_not_dismissed(alert),
    )


def why_not_dismissed(alert: OperatorAlert) -> str:
    """Say in a sentence why nobody can dismiss ``alert``; "" when anybody in charge can."""
    if alert.kind in ALERTS_TOLD_ELSEWHERE:
        return "It goes away by itself when what it is about is dealt with."
    disputes = Dispute.objects.filter(stripe_id=alert.item).exclude(status__in=DISPUTES_NOT_WAITING)
    if alert.kind == AlertKind.DISPUTE_OPENED and disputes.exists():
        return (
            "Stripe waits for an answer to this dispute. It goes away by itself when Stripe says "
            "that it was answered or closed."
        )
    if alert.kind == AlertKind.REFUND_FAILED and _owing().filter(reference=alert.subject).exists():
        return "The buyer is owed this refund. It goes away by itself when the buyer has got it."
    return ""


def people_for_alerts() -> list[tuple[int, str]]:
    """Return who may be assigned an alert, by name. A few rows."""
    people: QuerySet[User] = get_user_model().objects.with_perm(TO_TEND)
    return sorted(((person.pk, name_of(person)) for person in people), key=lambda one: one[1])


def name_of(person: Any) -> str:
    """Return what to call a member of the team."""
    return str(person.get_full_name() or person.email)


def _is_asleep() -> Q:
    return Q(snoozed_until__gt=Now())


def _stands(standing: AlertStanding) -> Q:
    is_open = Q(closed_at__isnull=True)
    return {
        AlertStanding.OPEN: is_open & (Q(snoozed_until__isnull=True) | ~_is_asleep()),
        AlertStanding.SNOOZED: is_open & _is_asleep(),
        AlertStanding.DISMISSED: Q(closed_by__isnull=False),
        AlertStanding.ENDED: Q(closed_at__isnull=False, closed_by__isnull=True),
    }[standing]


def _waits_as_dispute() -> Q:
    disputes = Dispute.objects.filter(stripe_id=OuterRef("item"))
    is_to_answer = Exists(disputes.exclude(status__in=DISPUTES_NOT_WAITING))
    return Q(is_to_answer, kind=AlertKind.DISPUTE_OPENED)


def _owing() -> QuerySet[Order]:
    return Order.objects.filter(state=OrderState.REFUND_OWED)


def _waits_as_owed() -> Q:
    is_owed = Exists(_owing().filter(reference=OuterRef("subject")))
    return Q(is_owed, kind=AlertKind.REFUND_FAILED)


def _item(alert: OperatorAlert) -> WaitingItem:
    return WaitingItem(
        what=ALERT,
        handle=alert.reference,
        reference=alert.about,
        detail=alert.kind,
        mode=alert.mode,
        amount=_amount(alert),
        at=alert.raised_at,
        assigned_to=name_of(alert.assigned_to) if alert.assigned_to else "",
    )


def _amount(alert: OperatorAlert) -> Money | None:
    minor, currency = alert.facts.get("amount_minor"), alert.facts.get("currency")
    return Money(int(minor), str(currency)) if minor is not None and currency else None

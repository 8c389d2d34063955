"""What operators were alerted of: lists of what stands, sleeps or was dismissed, and one of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Final

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from kernel.modes import Mode
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from kernel.people import name_of
from kernel.state_words import OperatorWords
from notices import kinds
from notices.enums import ALERTS, AlertStanding, MailState
from notices.models import OperatorAlert

ROWS_PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFile:
    """One alert, as its page shows it."""

    alert: OperatorAlert
    standing: AlertStanding
    not_dismissed_because: str

    @property
    def state_words(self) -> OperatorWords:
        """Return what its standing says to operators."""
        return ALERTS[self.standing]

    @property
    def not_mailed_because(self) -> str:
        """Say why nobody was mailed yet; "" where somebody was, or nothing stands in the way."""
        mail = self.alert.mail
        if self.alert.told_at is not None or mail is None or not mail.error_class:
            return ""
        tries = "once" if mail.attempts == 1 else f"{mail.attempts} times"
        then = "was given up" if mail.state == MailState.FAILED else "is tried again"
        return f"It was tried {tries} and {then}: {mail.error_class}."


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAlert:
    """One alert, as lists show it."""

    reference: str
    kind: str
    about: str
    mode: str
    amount: Money | None
    raised_at: datetime
    assigned_to: str

    @property
    def words(self) -> str:
        """Return what operators read of its kind."""
        return kinds.kind_of(self.kind).words


def alerts_page(
    *,
    cursor: Cursor,
    standing: AlertStanding = AlertStanding.OPEN,
    kind: str = "",
    assigned_to_id: int | None = None,
) -> Page[ListedAlert]:
    """Return one page of the alerts that stand so, newest first; "" and None mean any.

    One statement. Alerts about what waits in a list of its own are left out, as on the dashboard.
    """
    alerts = OperatorAlert.objects.filter(stands(standing)).exclude(mode=Mode.SAMPLE)
    alerts = alerts.filter(kind=kind) if kind else alerts
    if assigned_to_id is not None:
        alerts = alerts.filter(assigned_to=assigned_to_id)
    alerts = alerts.exclude(is_listed_elsewhere())
    page = page_of(alerts.select_related("assigned_to"), cursor=cursor, limit=ROWS_PER_PAGE)
    return page.map(_listed)


def alert_file(reference: str) -> AlertFile | None:
    """Return one alert, or None. Two statements, and what its kind has to ask."""
    alerts = OperatorAlert.objects.select_related("assigned_to", "closed_by", "mail")
    alert = alerts.annotate(is_asleep=_is_asleep()).filter(reference=reference).first()
    if alert is None:
        return None
    standing = AlertStanding.OPEN
    if alert.closed_at is not None:
        standing = AlertStanding.DISMISSED if alert.closed_by_id else AlertStanding.ENDED
    elif alert.is_asleep:
        standing = AlertStanding.SNOOZED
    because = alert.of_kind.why_kept(alert.matter)
    return AlertFile(alert=alert, standing=standing, not_dismissed_because=because)


def dismissed_alert(reference: str) -> ListedAlert | None:
    """Return the alert of this reference if a person dismissed it. One statement."""
    alerts = OperatorAlert.objects.filter(stands(AlertStanding.DISMISSED), reference=reference)
    alert = alerts.select_related("assigned_to").first()
    return _listed(alert) if alert else None


def open_alert(*, kind: str, subject: str) -> str:
    """Return the reference of an alert of ``kind`` that stands about ``subject``; "" if none."""
    alerts = OperatorAlert.objects.filter(kind=kind, subject=subject, closed_at=None)
    return alerts.values_list("reference", flat=True).first() or ""


def open_alerts(*, kind: str, mode: Mode) -> Mapping[str, str]:
    """Return the references of the alerts of ``kind`` that stand, by item. One statement."""
    alerts = OperatorAlert.objects.filter(kind=kind, mode=mode, closed_at=None)
    return dict(alerts.values_list("item", "reference"))


def subject_of(reference: str) -> str:
    """Return what an alert is about; "" where there is no such alert."""
    alerts = OperatorAlert.objects.filter(reference=reference)
    return alerts.values_list("subject", flat=True).first() or ""


def people_for_alerts() -> list[tuple[int, str]]:
    """Return who may be assigned an alert, by name. A few rows."""
    people: QuerySet[User] = get_user_model().objects.with_perm(kinds.TEND)
    return sorted(((person.pk, name_of(person)) for person in people), key=lambda one: one[1])


def _is_asleep() -> Q:
    return Q(snoozed_until__gt=Now())


def stands(standing: AlertStanding) -> Q:
    """Return which alerts stand so, by the database's clock."""
    is_open = Q(closed_at__isnull=True)
    return {
        AlertStanding.OPEN: is_open & (Q(snoozed_until__isnull=True) | ~_is_asleep()),
        AlertStanding.SNOOZED: is_open & _is_asleep(),
        AlertStanding.DISMISSED: Q(closed_by__isnull=False),
        AlertStanding.ENDED: Q(closed_at__isnull=False, closed_by__isnull=True),
    }[standing]


def is_listed_elsewhere() -> Q:
    """Return which alerts are about what waits in a list of its own, for good or for now."""
    all_kinds = kinds.known().values()
    for_good = Q(kind__in=[kind.name for kind in all_kinds if kind.has_own_list])
    for_now = [Q(where, kind=kind.name) for kind in all_kinds if (where := kind.waits_elsewhere())]
    return reduce(or_, for_now, for_good)


def _listed(alert: OperatorAlert) -> ListedAlert:
    return ListedAlert(
        reference=alert.reference,
        kind=alert.kind,
        about=alert.about,
        mode=alert.mode,
        amount=alert.amount,
        raised_at=alert.raised_at,
        assigned_to=name_of(alert.assigned_to),
    )

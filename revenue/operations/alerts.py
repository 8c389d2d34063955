"""Raising an alert for operators: once per item, mailed and shown until a person is done."""

from __future__ import annotations

from datetime import datetime

from kernel.modes import Mode
from kernel.nudges import nudge_after_commit
from kernel.references import new_reference
from revenue.enums import AlertKind, CheckoutOrigin
from revenue.models import CheckoutSession, Offer, OperatorAlert, Order
from revenue.operations.recording_context import RecordingContext


def raise_alert(
    context: RecordingContext,
    *,
    kind: AlertKind,
    item: str,
    order: Order,
    facts: dict[str, str | int] | None = None,
) -> None:
    """Raise an alert about ``order``, at most once per ``item``."""
    raise_alert_about(
        kind=kind,
        item=item,
        subject=order.reference,
        mode=Mode(order.mode),
        now=context.now,
        facts=facts,
    )
    context.changed(f"operators alerted: {kind}")


def raise_alert_about(
    *,
    kind: AlertKind,
    item: str,
    subject: str,
    mode: Mode,
    now: datetime,
    facts: dict[str, str | int] | None = None,
) -> None:
    """Raise an alert about anything with a reference. ``facts``: enums, numbers and times only."""
    alert = OperatorAlert(
        reference=new_reference("alr"),
        kind=kind,
        item=item,
        subject=subject,
        facts=facts or {},
        mode=mode,
        raised_at=now,
        next_attempt_at=now,
    )
    OperatorAlert.objects.bulk_create([alert], ignore_conflicts=True)
    nudge_after_commit("alert.raised")


def raise_checkout_refused(*, offer: Offer, mode: Mode, code: str, now: datetime) -> None:
    """Say that buyers find no payment page: once a day for each offer and word of Stripe's."""
    raise_alert_about(
        kind=AlertKind.CHECKOUT_REFUSED,
        item=f"{offer.reference}:{code[:100]}:{now:%Y-%m-%d}",
        subject=offer.reference,
        mode=mode,
        now=now,
        facts={"what": code},
    )


def raise_links_on_old_price(*, offer: Offer, mode: Mode, count: int, now: datetime) -> None:
    """Say that ``count`` open links ask for a price that is gone: once a day for each offer."""
    raise_alert_about(
        kind=AlertKind.LINKS_UNPAYABLE,
        item=f"{offer.reference}:{now:%Y-%m-%d}",
        subject=offer.reference,
        mode=mode,
        now=now,
        facts={"links": count},
    )


def tell_of_refusal(checkout: CheckoutSession, *, code: str, now: datetime) -> None:
    """Tell operators that Stripe refused a visitor's checkout; of their own they read at once."""
    if checkout.origin == CheckoutOrigin.OFFER_PAGE and checkout.offer is not None:
        raise_checkout_refused(offer=checkout.offer, mode=Mode(checkout.mode), code=code, now=now)


def close_alerts(*, subject: str, kind: AlertKind, now: datetime) -> None:
    """Take what a person has dealt with off the list."""
    OperatorAlert.objects.filter(subject=subject, kind=kind, closed_at=None).update(closed_at=now)


def close_alert_about(*, kind: AlertKind, item: str, now: datetime) -> None:
    """Take the alert about ``item`` off the list: what it was about has ended."""
    OperatorAlert.objects.filter(kind=kind, item=item, closed_at=None).update(closed_at=now)

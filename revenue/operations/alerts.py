"""What of a sale operators are alerted of in more than one place."""

from __future__ import annotations

from datetime import datetime

from kernel.modes import Mode
from notices import operations as notices
from revenue.enums import AlertKind, CheckoutOrigin
from revenue.models import CheckoutSession, Offer, Order
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
    notices.raise_alert(
        kind=kind,
        item=item,
        subject=order.reference,
        mode=Mode(order.mode),
        now=context.now,
        facts=facts,
    )
    context.changed(f"operators alerted: {kind}")


def raise_checkout_refused(*, offer: Offer, mode: Mode, code: str, now: datetime) -> None:
    """Say that buyers find no payment page: once a day for each offer and word of Stripe's."""
    notices.raise_alert(
        kind=AlertKind.CHECKOUT_REFUSED,
        item=f"{offer.reference}:{code[:100]}:{now:%Y-%m-%d}",
        subject=offer.reference,
        mode=mode,
        now=now,
        facts={"what": code},
    )


def raise_links_on_old_price(*, offer: Offer, mode: Mode, count: int, now: datetime) -> None:
    """Say that ``count`` open links ask for a price that is gone: once a day for each offer."""
    notices.raise_alert(
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

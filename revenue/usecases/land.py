"""The buyer is back: look the session up and run the same recording as every other door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from kernel.transitions import LostRace
from revenue.access import make_link
from revenue.enums import CheckoutState, LinkMadeFor, Source
from revenue.models import CheckoutSession, OrderLink
from revenue.operations.sessions import record_session
from revenue.operations.telling import Telling
from revenue.ports import GatewayError, PaymentGateway, SessionFact


class NoSuchCheckout(Exception):
    """Neither we nor Stripe know this session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """Where the buyer stands, and the link that lets this browser see it again."""

    checkout: CheckoutSession
    link: OrderLink


def land(*, session_id: str, gateway: PaymentGateway, now: datetime) -> Landed:
    """Find the checkout of a returning buyer and bring it up to date if Stripe answers.

    Stripe's session id is the secret that Stripe gave this buyer alone. With Stripe away the row
    is shown as it is, and the page says that it is confirming. Raises NoSuchCheckout.
    """
    checkout = CheckoutSession.objects.filter(stripe_id=session_id).first()
    if checkout is None or checkout.state != CheckoutState.COMPLETE:
        try:
            _record(gateway.read_session(session_id), now=now)
        except GatewayError as error:
            if checkout is None:
                raise NoSuchCheckout(session_id) from error
        checkout = CheckoutSession.objects.get(stripe_id=session_id)
    with transaction.atomic(durable=True):
        link, _token = make_link(checkout_id=checkout.pk, made_for=LinkMadeFor.RETURN, now=now)
        CheckoutSession.objects.filter(pk=checkout.pk, returned_at=None).update(returned_at=now)
    return Landed(checkout=checkout, link=link)


def refresh(checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime) -> None:
    """Ask Stripe again about a checkout whose outcome the buyer waits for. Best effort."""
    try:
        if checkout.stripe_id:
            _record(gateway.read_session(checkout.stripe_id), now=now)
    except GatewayError:
        return  # the page goes on saying that it is confirming; the sweep asks again
    checkout.refresh_from_db()


def _record(fact: SessionFact, *, now: datetime) -> None:
    telling = Telling(
        mode=settings.DEPLOYMENT_MODE, source=Source.LANDING, now=now, occurred_at=now
    )
    try:
        with transaction.atomic(durable=True):
            record_session(telling, fact)
    except LostRace:
        return  # the webhook's worker recorded the same fact at this moment


def let_go(checkout: CheckoutSession, *, now: datetime) -> OrderLink:
    """Give the browser a link to come back to; note that it goes to Stripe's page, if there is one.

    While no page of Stripe's is known, the browser sees ours, and nobody was handed over.
    """
    with transaction.atomic(durable=True):
        CheckoutSession.objects.filter(
            pk=checkout.pk, state=CheckoutState.OPEN, handed_off_at=None
        ).update(handed_off_at=now)
        link, _token = make_link(checkout_id=checkout.pk, made_for=LinkMadeFor.PAYING, now=now)
    return link


def note_cancelled(checkout: CheckoutSession, *, now: datetime) -> None:
    """Note that the buyer left Stripe's page without paying. The session stays open."""
    with transaction.atomic(durable=True):
        CheckoutSession.objects.filter(pk=checkout.pk, cancelled_at=None).update(cancelled_at=now)

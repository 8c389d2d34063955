"""The buyer is back: look the session up and run the same recording as every other door."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from kernel.transitions import LostRace
from revenue.access import make_link
from revenue.enums import CheckoutState, LinkMadeFor, Source
from revenue.models import CheckoutSession, OrderLink
from revenue.operations.sessions import record_session
from revenue.operations.telling import Telling
from revenue.ports import GatewayError, NotFound, PaymentGateway, SessionFact

SESSION_ID: Final = re.compile(r"cs_[A-Za-z0-9_]{1,252}")  # what no session is called is not asked
RETURN_LETS_IN: Final = timedelta(hours=48)  # a session is open for 24 h; a bank's page takes time


class NoSuchCheckout(Exception):
    """Neither we nor Stripe know this session."""


class NotToldYet(Exception):
    """We do not know the session, and Stripe has not said whether it does. It may be paid."""


def land(*, session_id: str, gateway: PaymentGateway, now: datetime) -> CheckoutSession:
    """Return the checkout of a returning buyer, brought up to date if Stripe answers.

    With Stripe away the row is shown as it is, and the page says that it is confirming. Raises
    NoSuchCheckout only where that is certain; NotToldYet where there is no row to show, as before
    the first word of a payment link's session.
    """
    if not SESSION_ID.fullmatch(session_id):
        raise NoSuchCheckout(session_id)
    checkout = CheckoutSession.objects.filter(stripe_id=session_id).first()
    if checkout is None or checkout.state != CheckoutState.COMPLETE:
        try:
            _record(gateway.read_session(session_id), now=now)
        except GatewayError as error:
            if checkout is None:
                is_no = isinstance(error, NotFound)
                raise (NoSuchCheckout if is_no else NotToldYet)(session_id) from error
        checkout = CheckoutSession.objects.get(stripe_id=session_id)
    with transaction.atomic(durable=True):
        CheckoutSession.objects.filter(pk=checkout.pk, returned_at=None).update(returned_at=now)
    return checkout


def let_in(checkout: CheckoutSession, *, made_for: LinkMadeFor, now: datetime) -> OrderLink | None:
    """Give a browser a link to see the checkout again.

    It came with a secret that its buyer alone was given: Stripe's session id, or the form that
    opened the session. Once a person took links back, that counts for nothing, because it may be
    what leaked: then None, and a new link goes to the buyer's mailbox only. So it is with a session
    id two days after its making: it stands on our team's pages too.
    """
    made_at = checkout.opened_at or checkout.created_at
    if made_for == LinkMadeFor.RETURN and now - made_at > RETURN_LETS_IN:
        return None
    with transaction.atomic(durable=True):
        if OrderLink.objects.filter(checkout=checkout.pk, revoked_at__isnull=False).exists():
            return None
        link, _token = make_link(checkout_id=checkout.pk, made_for=made_for, now=now)
    return link


def refresh(checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime) -> bool:
    """Ask Stripe again about an open checkout whose outcome the buyer waits for. Best effort.

    Return whether Stripe answered that nobody has paid yet; without an answer that is not known.
    """
    if not checkout.stripe_id:
        return False
    try:
        fact = gateway.read_session(checkout.stripe_id)
    except GatewayError:
        return False  # the page goes on saying that it is confirming; the sweep asks again
    _record(fact, now=now)
    checkout.refresh_from_db()
    return fact.status == "open" and not fact.is_settled


def _record(fact: SessionFact, *, now: datetime) -> None:
    telling = Telling(
        mode=settings.DEPLOYMENT_MODE, source=Source.LANDING, now=now, occurred_at=now
    )
    try:
        with transaction.atomic(durable=True):
            record_session(telling, fact)
    except LostRace:
        return  # the webhook's worker recorded the same fact at this moment


def let_go(checkout: CheckoutSession, *, now: datetime) -> OrderLink | None:
    """Note that the browser goes to Stripe's page, if there is one; let it in when it comes back.

    While no page of Stripe's is known, the browser sees ours, and nobody was handed over.
    """
    with transaction.atomic(durable=True):
        CheckoutSession.objects.filter(
            pk=checkout.pk, state=CheckoutState.OPEN, handed_off_at=None
        ).update(handed_off_at=now)
    return let_in(checkout, made_for=LinkMadeFor.PAYING, now=now)


def note_cancelled(checkout: CheckoutSession, *, now: datetime) -> None:
    """Note that the buyer left Stripe's page without paying. The session stays open."""
    with transaction.atomic(durable=True):
        CheckoutSession.objects.filter(
            pk=checkout.pk, state=CheckoutState.OPEN, cancelled_at=None
        ).update(cancelled_at=now)

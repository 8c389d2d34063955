"""The buyer is back: look the session up, and record it as every other way does."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from kernel.limits import allow, is_remembered, remember
from kernel.transitions import LostRace
from revenue.enums import CheckoutState, LinkPurpose, PaymentLinkState, Source
from revenue.exchanges.cards import notice_cards
from revenue.models import CheckoutSession, OrderLink, PaymentLink
from revenue.operations.fact_recording import record
from revenue.operations.order_links import make_order_link
from revenue.operations.recording_context import RecordingContext, Unrecordable
from revenue.ports import GatewayError, NotFound, PaymentGateway, SessionFact
from revenue.providers import TooManyCalls, one_lookup, one_web_call

logger = logging.getLogger(__name__)

SESSION_ID: Final = re.compile(r"cs_[A-Za-z0-9_]{1,252}")  # what no session is called is not asked
LOOKUPS_PER_MINUTE: Final = 30  # of all visitors together
NOT_FOUND, NOT_FOUND_KEPT_S = "session_not_found", 3600
RETURN_LETS_IN: Final = timedelta(hours=48)  # a session is open for 24 h; a bank's page takes time


class NoSuchCheckout(Exception):
    """Neither we nor Stripe know this session."""


class SessionUnconfirmed(Exception):
    """We do not know the session, and Stripe has not said whether it does. It may be paid."""


def return_from_checkout(
    *, session_id: str, gateway: PaymentGateway, now: datetime
) -> CheckoutSession:
    """Return the checkout of a returning buyer, brought up to date if Stripe answers.

    With Stripe away, or asked by many already, the row is shown as it is, and the page says that
    it is confirming. Raises NoSuchCheckout only where that is certain; SessionUnconfirmed where
    there is no row to show, as before the first word of a payment link's session.
    """
    if not SESSION_ID.fullmatch(session_id):
        raise NoSuchCheckout(session_id)
    checkout = CheckoutSession.objects.filter(stripe_id=session_id).first()
    if checkout is None:
        _learn_of(session_id, gateway=gateway, now=now)
    elif checkout.state != CheckoutState.COMPLETE:
        with suppress(GatewayError, TooManyCalls), one_web_call():
            _record(gateway.read_session(session_id), now=now)
    checkout = CheckoutSession.objects.filter(stripe_id=session_id).first()
    if checkout is None:
        raise SessionUnconfirmed(session_id)
    with transaction.atomic(durable=True):
        CheckoutSession.objects.filter(pk=checkout.pk, returned_at=None).update(returned_at=now)
    return checkout


def _learn_of(session_id: str, *, gateway: PaymentGateway, now: datetime) -> None:
    """Record a session that Stripe made from a payment link of ours, if it is one.

    Anybody may invent such an id. So Stripe is asked only while a link is out that could have made
    it, from one place of its own, so many times a minute, and once an hour about the same id.
    """
    if is_remembered(what=NOT_FOUND, who=session_id):
        raise NoSuchCheckout(session_id)
    is_link_out = PaymentLink.objects.filter(
        mode=settings.DEPLOYMENT_MODE, state=PaymentLinkState.ACTIVE
    ).exists()
    if not is_link_out or not allow(
        what="session_lookup",
        who="everybody",
        limit=LOOKUPS_PER_MINUTE,
        per_s=60,
        is_open_on_failure=True,
    ):
        raise SessionUnconfirmed(session_id)
    try:
        with one_lookup():
            fact = gateway.read_session(session_id)
    except NotFound as error:
        remember(what=NOT_FOUND, who=session_id, for_s=NOT_FOUND_KEPT_S)
        raise NoSuchCheckout(session_id) from error
    except (GatewayError, TooManyCalls) as error:
        raise SessionUnconfirmed(session_id) from error
    _record(fact, now=now)


def grant_link(
    checkout: CheckoutSession, *, made_for: LinkPurpose, now: datetime
) -> OrderLink | None:
    """Give a browser a link to see the checkout again.

    It came with a secret that its buyer alone was given: Stripe's session id, or the form that
    opened the session. Once a person took links back, that counts for nothing, because it may be
    what leaked: then None, and a new link goes to the buyer's mailbox only. So it is with a session
    id two days after its making: it stands on our team's pages too.
    """
    made_at = checkout.opened_at or checkout.created_at
    if made_for == LinkPurpose.RETURN and now - made_at > RETURN_LETS_IN:
        return None
    with transaction.atomic(durable=True):
        if OrderLink.objects.filter(checkout=checkout.pk, revoked_at__isnull=False).exists():
            return None
        link, _token = make_order_link(checkout_id=checkout.pk, made_for=made_for, now=now)
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
    context = RecordingContext(
        mode=settings.DEPLOYMENT_MODE, source=Source.LANDING, now=now, occurred_at=now
    )
    try:
        with transaction.atomic(durable=True):
            record(context, fact)
    except LostRace:
        pass  # the webhook's worker recorded the same fact at this moment
    except Unrecordable as problem:  # its event is dead, and a person looks at it
        logger.warning("return leaves it to a person", extra={"why": str(problem)})
        return
    notice_cards([fact], source=Source.LANDING, now=now)


def record_hand_off(checkout: CheckoutSession, *, now: datetime) -> OrderLink | None:
    """Note that the browser goes to Stripe's page, if there is one; let it in when it comes back.

    While no page of Stripe's is known, the browser sees ours, and nobody was handed over.
    """
    with transaction.atomic(durable=True):
        CheckoutSession.objects.filter(
            pk=checkout.pk, state=CheckoutState.OPEN, handed_off_at=None
        ).update(handed_off_at=now)
    return grant_link(checkout, made_for=LinkPurpose.PAYING, now=now)


def note_cancelled(checkout: CheckoutSession, *, now: datetime) -> None:
    """Note that the buyer left Stripe's page without paying. The session stays open."""
    with transaction.atomic(durable=True):
        CheckoutSession.objects.filter(
            pk=checkout.pk, state=CheckoutState.OPEN, cancelled_at=None
        ).update(cancelled_at=now)

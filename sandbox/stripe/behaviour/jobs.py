"""Things of Stripe's world that happen by themselves when their time has come."""

from collections.abc import Mapping
from typing import Final

from sandbox.background import Job
from sandbox.state import RequestContext
from sandbox.stripe.behaviour.delayed_payments import settle_payment
from sandbox.stripe.behaviour.disputes import open_dispute
from sandbox.stripe.behaviour.expiry import expire_if_due
from sandbox.stripe.behaviour.refunds import fail_refund, succeed_refund
from sandbox.stripe.shapes.cards import BY_NUMBER


def _expire_session(context: RequestContext, session_id: str) -> None:
    expire_if_due(context, context.store.get(session_id))


def _settle_payment(context: RequestContext, intent_id: str) -> None:
    settle_payment(context, intent_id)


def _open_dispute(context: RequestContext, charge_id: str) -> None:
    charge = context.store.get(charge_id)
    card = BY_NUMBER[charge["_card"]]
    open_dispute(
        context,
        charge,
        reason=card.dispute_reason or "general",
        is_inquiry=card.is_inquiry,
    )


def _succeed_refund(context: RequestContext, refund_id: str) -> None:
    succeed_refund(context, context.store.get(refund_id))


def _fail_refund(context: RequestContext, refund_id: str) -> None:
    fail_refund(context, context.store.get(refund_id))


JOBS: Final[Mapping[str, Job]] = {
    "expire_session": _expire_session,
    "settle_payment": _settle_payment,
    "open_dispute": _open_dispute,
    "succeed_refund": _succeed_refund,
    "fail_refund": _fail_refund,
}

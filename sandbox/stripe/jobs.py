"""Things of Stripe's world that happen by themselves when their time has come."""

from collections.abc import Mapping
from typing import Final

from sandbox.clockwork import Job
from sandbox.stripe.cards import BY_NUMBER
from sandbox.stripe.disputing import open_dispute
from sandbox.stripe.expiring import expire_if_due
from sandbox.stripe.refunding import fail_refund, succeed_refund
from sandbox.stripe.settling import settle_payment
from sandbox.world import Moment


def _expire_session(moment: Moment, session_id: str) -> None:
    expire_if_due(moment, moment.store.get(session_id))


def _settle_payment(moment: Moment, intent_id: str) -> None:
    settle_payment(moment, intent_id)


def _open_dispute(moment: Moment, charge_id: str) -> None:
    charge = moment.store.get(charge_id)
    card = BY_NUMBER[charge["_card"]]
    open_dispute(
        moment,
        charge,
        reason=card.dispute_reason or "general",
        is_inquiry=card.is_inquiry,
    )


def _succeed_refund(moment: Moment, refund_id: str) -> None:
    succeed_refund(moment, moment.store.get(refund_id))


def _fail_refund(moment: Moment, refund_id: str) -> None:
    fail_refund(moment, moment.store.get(refund_id))


JOBS: Final[Mapping[str, Job]] = {
    "expire_session": _expire_session,
    "settle_payment": _settle_payment,
    "open_dispute": _open_dispute,
    "succeed_refund": _succeed_refund,
    "fail_refund": _fail_refund,
}

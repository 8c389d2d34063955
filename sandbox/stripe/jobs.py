"""Things of Stripe's world that happen by themselves when their time has come."""

from collections.abc import Mapping
from typing import Final

from sandbox.clockwork import Job
from sandbox.stripe.expiring import expire_if_due
from sandbox.stripe.settling import NothingToSettle, settle_payment
from sandbox.world import Moment


def _expire_session(moment: Moment, session_id: str) -> None:
    expire_if_due(moment, moment.store.get(session_id))


def _settle_payment(moment: Moment, intent_id: str) -> None:
    try:
        settle_payment(moment, intent_id)
    except NothingToSettle:
        return  # A person settled it before its time.


JOBS: Final[Mapping[str, Job]] = {
    "expire_session": _expire_session,
    "settle_payment": _settle_payment,
}

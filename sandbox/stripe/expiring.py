"""Sessions that nobody paid in time."""

from sandbox.store import Doc
from sandbox.stripe.outbox import emit
from sandbox.world import Moment


def expire_if_due(moment: Moment, session: Doc) -> Doc:
    """The session as it stands now: its time may have run out since the last look."""
    if session["status"] == "open" and session["expires_at"] <= moment.now:
        return expire_session(moment, session)
    return session


def expire_session(moment: Moment, session: Doc) -> Doc:
    """Close an open session; a tried and unpaid payment intent is cancelled with it."""
    moment.store.change(session, status="expired", url=None)
    moment.store.unschedule("expire_session", session["id"])
    emit(moment, "checkout.session.expired", session)
    if session["payment_intent"] is not None:
        intent = moment.store.get(session["payment_intent"])
        moment.store.change(
            intent, status="canceled", canceled_at=moment.now, cancellation_reason="automatic"
        )
        emit(moment, "payment_intent.canceled", intent)
    return session

"""Sessions that nobody paid in time."""

from typing import Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.behaviour.events import emit

LIFE_S_DEFAULT: Final = 24 * 60 * 60


def expire_if_due(context: RequestContext, session: Doc) -> Doc:
    """The session as it stands now: its time may have run out since the last look."""
    if session["status"] == "open" and session["expires_at"] <= context.now:
        return expire_session(context, session)
    return session


def expire_session(context: RequestContext, session: Doc) -> Doc:
    """Close an open session; a tried and unpaid payment intent is cancelled with it."""
    context.store.change(session, status="expired", url=None)
    context.store.unschedule("expire_session", session["id"])
    emit(context, "checkout.session.expired", session)
    if session["payment_intent"] is not None:
        intent = context.store.get(session["payment_intent"])
        context.store.change(
            intent, status="canceled", canceled_at=context.now, cancellation_reason="automatic"
        )
        emit(context, "payment_intent.canceled", intent)
    return session

"""Paying without a browser: the hosted page's effect, asked for in JSON."""

from sandbox.state import State
from sandbox.stripe.behaviour.payments import REDIRECT_WAITS_S, Buyer, NotPayable, pay, return_url
from sandbox.stripe.behaviour.rendering import as_shown
from sandbox.stripe.shapes.cards import BY_NUMBER, CARDS, digits
from sandbox.stripe.shapes.errors import ApiError, missing_param
from sandbox.vendor import Arguments
from sandbox.webhooks import WebhookSender


async def pay_session(state: State, sender: WebhookSender, given: Arguments) -> object:
    """Pay ``session`` with ``card`` as ``email``/``name``; wait up to ``wait_s`` for the webhook.

    Raises ApiError when the session takes no payment; a declined card is an answer, not an error.
    """
    unknown = set(given) - {"session", "card", "email", "name", "wait_s"}
    if unknown:
        raise ApiError(400, f"Unknown: {', '.join(sorted(unknown))}.")
    if "session" not in given:
        raise missing_param("session")
    card = BY_NUMBER.get(digits(str(given.get("card", CARDS[0].number))))
    if card is None:
        raise ApiError(400, "card is not one of the test numbers.", param="card")
    buyer = Buyer(
        email=str(given.get("email", "buyer@example.com")),
        name=str(given.get("name", "Test Buyer")),
    )
    try:
        paid = pay(state.context(), session_id=str(given["session"]), card=card, buyer=buyer)
    except NotPayable as refusal:
        raise ApiError(400, f"The session takes no payment: it is {refusal.reason}.") from refusal
    state.wake()
    wait_s = float(given.get("wait_s", REDIRECT_WAITS_S))
    is_answered = False
    if paid.completed_event is not None and wait_s > 0:
        is_answered = await sender.wait_for_answer(paid.completed_event, timeout_s=wait_s)
    return {
        "session": as_shown(state.context(), paid.session),
        "declined": None if paid.decline is None else paid.decline.code,
        "event": paid.completed_event,
        "webhook_answered": is_answered,
        "redirect_url": None if paid.decline is not None else return_url(paid.session),
    }

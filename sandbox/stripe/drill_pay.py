"""Paying without a browser: the hosted page's effect, asked for in JSON."""

from typing import Any

from sandbox.stripe.cards import BY_NUMBER, CARDS, digits
from sandbox.stripe.delivery import Postman
from sandbox.stripe.hosted import REDIRECT_WAITS_S
from sandbox.stripe.paying import Buyer, NotPayable, landing_url, pay
from sandbox.stripe.problems import Problem, missing_param
from sandbox.stripe.views import as_seen
from sandbox.world import World


async def drill_pay(world: World, postman: Postman, given: dict[str, Any]) -> object:
    """Pay ``session`` with ``card`` as ``email``/``name``; wait up to ``wait_s`` for the webhook.

    Raises Problem when the session takes no payment; a declined card is an answer, not an error.
    """
    unknown = set(given) - {"session", "card", "email", "name", "wait_s"}
    if unknown:
        raise Problem(400, f"Unknown: {', '.join(sorted(unknown))}.")
    if "session" not in given:
        raise missing_param("session")
    card = BY_NUMBER.get(digits(str(given.get("card", CARDS[0].number))))
    if card is None:
        raise Problem(400, "card is not one of the test numbers.", param="card")
    buyer = Buyer(
        email=str(given.get("email", "buyer@example.com")),
        name=str(given.get("name", "Test Buyer")),
    )
    try:
        paid = pay(world.moment(), session_id=str(given["session"]), card=card, buyer=buyer)
    except NotPayable as refusal:
        raise Problem(400, f"The session takes no payment: it is {refusal.reason}.") from refusal
    world.wake()
    wait_s = float(given.get("wait_s", REDIRECT_WAITS_S))
    is_answered = False
    if paid.completed_event is not None and wait_s > 0:
        is_answered = await postman.wait_for_answer(paid.completed_event, timeout_s=wait_s)
    return {
        "session": as_seen(world.moment(), paid.session),
        "declined": None if paid.decline is None else paid.decline.code,
        "event": paid.completed_event,
        "webhook_answered": is_answered,
        "redirect_url": None if paid.decline is not None else landing_url(paid.session),
    }

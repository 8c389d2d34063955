"""The pages a buyer sees: the hosted checkout page and what follows it."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.pages import page, security_headers
from sandbox.store import Doc
from sandbox.stripe.cards import CARDS
from sandbox.stripe.checkout_form import CheckoutForm, read_checkout_form
from sandbox.stripe.delivery import Postman
from sandbox.stripe.expiring import expire_if_due
from sandbox.stripe.forms import decode
from sandbox.stripe.items import kept_items
from sandbox.stripe.money import in_words
from sandbox.stripe.paying import NotPayable, Paid, landing_url, pay
from sandbox.stripe.visiting import link_by_slug, open_session_of_link
from sandbox.world import World

REDIRECT_WAITS_S: Final = 10.0  # Stripe's own patience with checkout.session.completed.
FORM_BYTES_MAX: Final = 20_000


def hosted_routes(world: World, postman: Postman) -> list[Route]:
    """The checkout page: look, and pay."""

    async def show(request: Request) -> Response:
        session = _find(world, request.path_params["id"])
        if session is None:
            return page("stripe/missing.html", status=404)
        return _look(world, session, CheckoutForm.blank(email=session["customer_email"] or ""))

    async def submit(request: Request) -> Response:
        session = _find(world, request.path_params["id"])
        if session is None:
            return page("stripe/missing.html", status=404)
        if session["status"] != "open":
            return _look(world, session, CheckoutForm.blank())
        raw = (await request.body())[:FORM_BYTES_MAX]
        moment = world.moment()
        form = read_checkout_form(decode(raw), now=moment.now, is_free=_is_free(session))
        if form.errors:
            return _look(world, session, form, status=422)
        try:
            paid = pay(moment, session_id=session["id"], card=form.card, buyer=form.buyer)
        except NotPayable:
            return _look(world, _find(world, session["id"]) or session, form, status=409)
        world.wake()
        if paid.decline is not None:
            refused = form.refused(paid.decline.message)
            return _look(world, paid.session, refused, status=402)
        return await _send_back(paid, postman)

    async def open_link(request: Request) -> Response:
        moment = world.moment()
        link = link_by_slug(moment, request.path_params["slug"])
        if link is None:
            return page("stripe/missing.html", status=404)
        if not link["active"]:
            return page(
                "stripe/inactive.html", status=410, seller=world.settings.seller_name, link=link
            )
        if request.method == "HEAD" or "prefetch" in request.headers.get("sec-purpose", ""):
            return Response(status_code=204)  # Only a visit makes a session, a peek does not.
        with world.store.transaction():
            session = open_session_of_link(moment, link)
        return RedirectResponse(f"/c/pay/{session['id']}", 303)

    return [
        Route("/c/pay/{id}", show, methods=["GET"]),
        Route("/c/pay/{id}", submit, methods=["POST"]),
        Route("/b/{slug}", open_link, methods=["GET"]),
    ]


async def _send_back(paid: Paid, postman: Postman) -> Response:
    if paid.completed_event is not None:
        await postman.wait_for_answer(paid.completed_event, timeout_s=REDIRECT_WAITS_S)
    target = landing_url(paid.session) or f"/c/pay/{paid.session['id']}"
    return RedirectResponse(target, 303, security_headers((target,)) if "://" in target else None)


def _find(world: World, session_id: str) -> Doc | None:
    moment = world.moment()
    with world.store.transaction():
        session = world.store.find(session_id, "checkout.session")
        return None if session is None else expire_if_due(moment, session)


def _is_free(session: Doc) -> bool:
    return bool(session["amount_total"] == 0)


def _look(world: World, session: Doc, form: CheckoutForm, *, status: int = 200) -> Response:
    """The page for the state the session is in."""
    seller = world.settings.seller_name
    link = session["payment_link"] and world.store.get(session["payment_link"])
    shared: Mapping[str, Any] = {
        "seller": seller,
        "session": session,
        "items": [_item_row(item) for item in kept_items(world.moment(), session["id"])],
        "total": in_words(session["amount_total"], session["currency"]),
    }
    if session["status"] == "complete":
        return page(
            "stripe/complete.html",
            landing=landing_url(session),
            link=link,
            standing=_standing(world, session),
            **shared,
        )
    if session["status"] == "expired":
        return page("stripe/expired.html", status=410 if status == 200 else status, **shared)
    if link and not link["active"]:
        return page("stripe/inactive.html", status=410, seller=seller, link=link)
    return page(
        "stripe/checkout.html",
        status=status,
        may_go_to=(session["success_url"], session["cancel_url"]),
        form=form,
        cards=CARDS,
        is_free=_is_free(session),
        **shared,
    )


def _standing(world: World, session: Doc) -> str:
    """How a complete session stands: ``paid``, ``waiting`` for a bank, or ``refused`` by it."""
    if session["payment_status"] != "unpaid":
        return "paid"
    intent = world.store.get(session["payment_intent"])
    return "waiting" if intent["status"] == "processing" else "refused"


def _item_row(item: Doc) -> dict[str, str | int]:
    return {
        "name": item["description"],
        "quantity": item["quantity"],
        "amount": in_words(item["amount_total"], item["currency"]),
    }

"""The pages a buyer sees: the hosted checkout page and what follows it."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.pages import page, read_form, security_headers
from sandbox.state import State
from sandbox.store import Doc
from sandbox.stripe.behaviour.expiry import expire_if_due
from sandbox.stripe.behaviour.line_items import kept_items
from sandbox.stripe.behaviour.payment_links import link_by_slug, open_session_of_link
from sandbox.stripe.behaviour.payments import (
    REDIRECT_WAITS_S,
    NotPayable,
    PaymentResult,
    pay,
    return_url,
)
from sandbox.stripe.pages.checkout_form import CheckoutForm, read_checkout_form
from sandbox.stripe.shapes.cards import CARDS
from sandbox.stripe.shapes.money import formatted
from sandbox.webhooks import WebhookSender


def page_routes(state: State, sender: WebhookSender) -> list[Route]:
    """The checkout page: look at it, and pay; the address of a payment link."""

    async def show(request: Request) -> Response:
        session = _find(state, request.path_params["id"])
        if session is None:
            return page("stripe/missing.html", status=404)
        return _page(state, session, CheckoutForm.blank(email=session["customer_email"] or ""))

    async def submit(request: Request) -> Response:
        session = _find(state, request.path_params["id"])
        if session is None:
            return page("stripe/missing.html", status=404)
        if session["status"] != "open":
            return _page(state, session, CheckoutForm.blank())
        typed = await read_form(request)
        context = state.context()
        form = read_checkout_form(typed, now=context.now, is_free=_is_free(session))
        if form.errors:
            return _page(state, session, form, status=422)
        try:
            result = pay(context, session_id=session["id"], card=form.card, buyer=form.buyer)
        except NotPayable:
            return _page(state, _find(state, session["id"]) or session, form, status=409)
        state.wake()
        if result.decline is not None:
            refused = form.refused(result.decline.message)
            return _page(state, result.session, refused, status=402)
        return await _redirect_back(result, sender)

    async def open_link(request: Request) -> Response:
        context = state.context()
        link = link_by_slug(context, request.path_params["slug"])
        if link is None:
            return page("stripe/missing.html", status=404)
        if not link["active"]:
            return page(
                "stripe/inactive.html", status=410, seller=state.settings.seller_name, link=link
            )
        if request.method == "HEAD" or "prefetch" in request.headers.get("sec-purpose", ""):
            return Response(status_code=204)  # Only a visit makes a session, a peek does not.
        with state.store.transaction():
            session = open_session_of_link(context, link)
        return RedirectResponse(f"/c/pay/{session['id']}", 303)

    return [
        Route("/c/pay/{id}", show, methods=["GET"]),
        Route("/c/pay/{id}", submit, methods=["POST"]),
        Route("/b/{slug}", open_link, methods=["GET"]),
    ]


async def _redirect_back(result: PaymentResult, sender: WebhookSender) -> Response:
    if result.completed_event is not None:
        await sender.wait_for_answer(result.completed_event, timeout_s=REDIRECT_WAITS_S)
    target = return_url(result.session) or f"/c/pay/{result.session['id']}"
    return RedirectResponse(target, 303, security_headers((target,)) if "://" in target else None)


def _find(state: State, session_id: str) -> Doc | None:
    context = state.context()
    with state.store.transaction():
        session = state.store.find(session_id, "checkout.session")
        return None if session is None else expire_if_due(context, session)


def _is_free(session: Doc) -> bool:
    return bool(session["amount_total"] == 0)


def _page(state: State, session: Doc, form: CheckoutForm, *, status: int = 200) -> Response:
    """The page for the state the session is in."""
    seller = state.settings.seller_name
    link = session["payment_link"] and state.store.get(session["payment_link"])
    shared: Mapping[str, Any] = {
        "seller": seller,
        "session": session,
        "items": [_item_row(item) for item in kept_items(state.context(), session["id"])],
        "total": formatted(session["amount_total"], session["currency"]),
    }
    if session["status"] == "complete":
        return page(
            "stripe/complete.html",
            return_url=return_url(session),
            link=link,
            outcome=_outcome(state, session),
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


def _outcome(state: State, session: Doc) -> str:
    """What came of a complete session: ``paid``, ``waiting`` for a bank, or ``refused`` by it."""
    if session["payment_status"] != "unpaid":
        return "paid"
    intent = state.store.get(session["payment_intent"])
    return "waiting" if intent["status"] == "processing" else "refused"


def _item_row(item: Doc) -> dict[str, str | int]:
    return {
        "name": item["description"],
        "quantity": item["quantity"],
        "amount": formatted(item["amount_total"], item["currency"]),
    }

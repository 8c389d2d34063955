"""The return page: says only what is known, and works without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from kernel.doors import public
from kernel.limits import allow, visitor_key
from revenue.enums import CheckoutState, LinkMadeFor, OrderState
from revenue.models import CheckoutSession, Order
from revenue.providers import TooManyCalls, gateway_for_web, one_web_call
from revenue.usecases.land import NoSuchCheckout, NotToldYet, land, let_in, refresh
from revenue.views.order_cookie import grant, may_see

LOOKUPS_PER_MINUTE = 60
POLL_S: Final = 2
POLL_SLOWLY_S: Final = 10
LOOK_AGAIN_S: Final = 5
SLOW_AFTER: Final = timedelta(minutes=1)

# What the page says, by what we know. Anything with money in it leads on to the order page.
STANDING_OF_CHECKOUT: Final = MappingProxyType(
    {
        CheckoutState.UNKNOWN: "opening",
        CheckoutState.OPEN: "confirming",
        CheckoutState.COMPLETE: "confirming",
        CheckoutState.EXPIRED: "expired",
        CheckoutState.FAILED: "refused",
    }
)
STANDING_OF_ORDER: Final = MappingProxyType(
    {
        OrderState.AWAITING_PAYMENT: "bank",
        OrderState.FAILED: "failed",
        OrderState.NEEDS_REVIEW: "review",
    }
)


@public
@never_cache
@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Take Stripe's session id out of the address, and show where the checkout stands."""
    session_id = request.GET.get("session_id", "")
    if not allow(
        what="return",
        who=visitor_key(request),
        limit=LOOKUPS_PER_MINUTE,
        per_s=60,
        is_open_on_failure=True,
    ):
        return _look_again(request, status=429)
    try:
        checkout = land(session_id=session_id, gateway=gateway_for_web(), now=datetime.now(UTC))
    except NoSuchCheckout:
        return render(request, "revenue/return_unknown.html", status=404)
    except NotToldYet:
        return _look_again(request, status=503)
    response = redirect("checkout-status", reference=checkout.reference)
    if not may_see(request, checkout_id=checkout.pk):
        link = let_in(checkout, made_for=LinkMadeFor.RETURN, now=datetime.now(UTC))
        if link is None:
            return _no_link(request)
        grant(response, request, link=link)
    return response


def _look_again(request: HttpRequest, *, status: int) -> HttpResponse:
    """Claim nothing, and have the browser ask again by itself, with JavaScript or without."""
    response = render(request, "revenue/return_busy.html", status=status)
    response["Refresh"] = str(LOOK_AGAIN_S)
    return response


def _no_link(request: HttpRequest) -> HttpResponse:
    return render(request, "revenue/return_no_cookie.html", status=403)


@public
@never_cache
@require_safe
def checkout_status(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is known of a checkout to the browser that holds a link to it; poll until known."""
    checkout = get_object_or_404(
        CheckoutSession.objects.select_related("offer"),
        reference=reference,
        mode=settings.DEPLOYMENT_MODE,
    )
    if not may_see(request, checkout_id=checkout.pk):
        return _no_link(request)
    order, is_unpaid = _bring_up_to_date(checkout)
    standing = "unpaid" if order is None and is_unpaid else _standing(checkout, order)
    if order is not None and standing == "order":
        if request.htmx:  # type: ignore[attr-defined]  # by its middleware  # a redirect would be swapped into the page
            return HttpResponseClientRedirect(reverse("order", args=[order.reference]))
        return redirect("order", reference=order.reference)
    context = {
        "checkout": checkout,
        "order": order,
        "standing": standing,
        "poll_s": _poll_s(checkout, standing),
    }
    template = "return_part" if request.htmx else "return"  # type: ignore[attr-defined]  # by its middleware
    return render(request, f"revenue/{template}.html", context)


def _bring_up_to_date(checkout: CheckoutSession) -> tuple[Order | None, bool]:
    """Return the order, if there is one, and whether Stripe just said that nobody has paid yet."""
    order = Order.objects.filter(checkout=checkout).first()
    has_returned = checkout.returned_at is not None
    if order is not None or not has_returned or checkout.state != CheckoutState.OPEN:
        return order, False
    try:
        with one_web_call():
            is_unpaid = refresh(checkout, gateway=gateway_for_web(), now=datetime.now(UTC))
    except TooManyCalls:
        return None, False
    return Order.objects.filter(checkout=checkout).first(), is_unpaid


def _standing(checkout: CheckoutSession, order: Order | None) -> str:
    if order is not None and order.state == OrderState.NEEDS_REVIEW and order.is_refused:
        return "failed"  # whatever a person decides about it, nothing was charged
    if order is not None:
        return STANDING_OF_ORDER.get(OrderState(order.state), "order")
    return STANDING_OF_CHECKOUT[CheckoutState(checkout.state)]


def _poll_s(checkout: CheckoutSession, standing: str) -> int | None:
    """How many seconds until the page asks again; None when nothing will change by waiting."""
    if standing not in {"opening", "confirming", "unpaid", "bank"}:
        return None
    since = checkout.returned_at or checkout.created_at
    return POLL_SLOWLY_S if datetime.now(UTC) - since > SLOW_AFTER else POLL_S

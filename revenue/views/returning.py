"""The return page: says only what is known, and works without JavaScript."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from kernel.exchanges import NEVER_MADE
from kernel.limits import allow, visitor_key
from kernel.lookups import found_or_404
from kernel.permissions import public
from revenue.enums import CheckoutOrigin, CheckoutState, LinkPurpose, OrderState
from revenue.enums.return_words import RETURN, ReturnCase, ReturnWords
from revenue.providers import TooManyCalls, gateway_for_web, one_web_call
from revenue.queries.checkouts import checkout_by_reference, order_of_checkout
from revenue.usecases.return_from_checkout import (
    NoSuchCheckout,
    SessionUnconfirmed,
    grant_link,
    refresh,
    return_from_checkout,
)
from revenue.views.order_cookie import grant, may_see

if TYPE_CHECKING:
    from revenue.models import CheckoutSession, Order

LOOKUPS_PER_MINUTE = 60
POLL_S: Final = 2
POLL_SLOWLY_S: Final = 10
LOOK_AGAIN_S: Final = 5
SLOW_AFTER: Final = timedelta(minutes=1)

# What the page says, by what we know. Anything with money in it leads on to the order page.
CASE_OF_CHECKOUT: Final = MappingProxyType(
    {
        CheckoutState.UNKNOWN: ReturnCase.OPENING,
        CheckoutState.OPEN: ReturnCase.CONFIRMING,
        CheckoutState.COMPLETE: ReturnCase.CONFIRMING,
        CheckoutState.EXPIRED: ReturnCase.EXPIRED,
    }
)
MAY_CHANGE: Final = frozenset(
    {
        ReturnCase.OPENING,
        ReturnCase.OPEN,
        ReturnCase.CONFIRMING,
        ReturnCase.UNPAID,
        ReturnCase.BANK,
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
        checkout = return_from_checkout(
            session_id=session_id, gateway=gateway_for_web(), now=datetime.now(UTC)
        )
    except NoSuchCheckout:
        return render(request, "revenue/return_unknown.html", status=404)
    except SessionUnconfirmed:
        return _look_again(request, status=503)
    response = redirect("checkout-status", reference=checkout.reference)
    if not may_see(request, checkout_id=checkout.pk):
        link = grant_link(checkout, made_for=LinkPurpose.RETURN, now=datetime.now(UTC))
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
    checkout = found_or_404(checkout_by_reference(reference, mode=settings.DEPLOYMENT_MODE))
    if not may_see(request, checkout_id=checkout.pk):
        return _no_link(request)
    order, is_unpaid = _bring_up_to_date(checkout)
    case = _case(checkout, order, is_unpaid=is_unpaid)
    if order is not None and case is None:
        if request.htmx:  # type: ignore[attr-defined]  # by its middleware  # a redirect would be swapped into the page
            return HttpResponseClientRedirect(reverse("order", args=[order.reference]))
        return redirect("order", reference=order.reference)
    case = case or ReturnCase.CONFIRMING
    context = {
        "checkout": checkout,
        "order": order,
        "says": _said(case, checkout, order),
        "poll_s": _poll_s(checkout, case),
    }
    template = "return_part" if request.htmx else "return"  # type: ignore[attr-defined]  # by its middleware
    return render(request, f"revenue/{template}.html", context)


def _bring_up_to_date(checkout: CheckoutSession) -> tuple[Order | None, bool]:
    """Return the order, if there is one, and whether Stripe just said that nobody has paid yet."""
    order = order_of_checkout(checkout.pk)
    has_returned = checkout.returned_at is not None
    if order is not None or not has_returned or checkout.state != CheckoutState.OPEN:
        return order, False
    try:
        with one_web_call():
            is_unpaid = refresh(checkout, gateway=gateway_for_web(), now=datetime.now(UTC))
    except TooManyCalls:
        return None, False
    return order_of_checkout(checkout.pk), is_unpaid


def _case(checkout: CheckoutSession, order: Order | None, *, is_unpaid: bool) -> ReturnCase | None:
    """Return what is known; None where there is an order whose own page says it."""
    if order is not None:
        return _case_of_order(order)
    if is_unpaid:
        return ReturnCase.UNPAID
    if checkout.state == CheckoutState.FAILED:
        return _case_of_refusal(checkout)
    case = CASE_OF_CHECKOUT[CheckoutState(checkout.state)]
    is_elsewhere = case == ReturnCase.CONFIRMING and checkout.returned_at is None
    return ReturnCase.OPEN if is_elsewhere else case


def _case_of_order(order: Order) -> ReturnCase | None:
    if order.state == OrderState.AWAITING_PAYMENT:
        return ReturnCase.BANK
    is_undecided = order.state == OrderState.NEEDS_REVIEW
    if order.state == OrderState.FAILED or (is_undecided and order.is_refused):
        return ReturnCase.FAILED  # whatever a person decides about it, nothing was charged
    if not is_undecided:
        return None
    if order.paid_at is None:
        return ReturnCase.CHECKED_UNPAID
    return ReturnCase.CHECKED if order.amount_minor else ReturnCase.CHECKED_FREE


def _case_of_refusal(checkout: CheckoutSession) -> ReturnCase:
    if checkout.last_error == NEVER_MADE:
        return ReturnCase.NEVER_MADE
    is_told = checkout.origin == CheckoutOrigin.OFFER_PAGE
    return ReturnCase.REFUSED if is_told else ReturnCase.REFUSED_ON_DEAL


def _said(case: ReturnCase, checkout: CheckoutSession, order: Order | None) -> ReturnWords:
    words = RETURN[case]
    price = order.total if order is not None else checkout.price
    text, pay = (said.format(sum=price or "") for said in (words.text, words.pay))
    return replace(words, text=text, pay=pay.strip())


def _poll_s(checkout: CheckoutSession, case: ReturnCase) -> int | None:
    """How many seconds until the page asks again; None when nothing will change by waiting."""
    if case not in MAY_CHANGE:
        return None
    since = checkout.returned_at or checkout.created_at
    return POLL_SLOWLY_S if datetime.now(UTC) - since > SLOW_AFTER else POLL_S

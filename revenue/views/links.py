"""Links to orders: opening one, asking for one, and taking them back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kernel.limits import allow, visitor_key
from kernel.permissions import needs, public
from revenue.forms.mails import OrderLinkForm
from revenue.queries.checkouts import order_of_checkout
from revenue.queries.links import link_of_token
from revenue.queries.orders import NoSuchOrder
from revenue.usecases.request_order_link import request_order_link
from revenue.usecases.revoke_order_links import revoke_order_links
from revenue.views.order_cookie import grant

HOUR_S: Final = 3600
WRONG_TOKENS_PER_HOUR: Final = 30
REQUESTS_PER_VISITOR: Final = 10
REQUESTS_PER_ADDRESS: Final = 3


@public
@never_cache
@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange a link's secret for a cookie, so that no secret stays in the address.

    Works as often as it is opened: mail scanners open links before people do.
    """
    link = link_of_token(token)
    if link is None:
        response = _no_such_link(request)
    else:
        order = order_of_checkout(link.checkout_id)
        response = (
            redirect("order", reference=order.reference)
            if order is not None
            else redirect("checkout-status", reference=link.checkout.reference)
        )
        grant(response, request, link=link)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _no_such_link(request: HttpRequest) -> HttpResponse:
    """Answer alike for an unknown and a revoked token; slow down whoever guesses."""
    is_allowed = allow(
        what="wrong-order-link",
        who=visitor_key(request),
        limit=WRONG_TOKENS_PER_HOUR,
        per_s=HOUR_S,
        is_open_on_failure=True,
    )
    context = {"is_too_often": not is_allowed}
    status = 404 if is_allowed else 429
    return render(request, "revenue/link_unknown.html", context, status=status)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Send me my order link: the same answer, whether or not the address is known."""
    form = OrderLinkForm(request.POST or None)
    context = {"form": form, "nav": "order-link"}
    if not form.is_valid():
        status = 400 if request.method == "POST" else 200
        return render(request, "revenue/order_link.html", context, status=status)
    if not allow(
        what="order-link",
        who=visitor_key(request),
        limit=REQUESTS_PER_VISITOR,
        per_s=HOUR_S,
        is_open_on_failure=True,
    ):
        return render(
            request, "revenue/order_link.html", context | {"is_too_often": True}, status=429
        )
    email: str = form.cleaned_data["email"]
    # An address that is asked for too often gets the same answer, and no further mail.
    if allow(
        what="order-link-address",
        who=salted_hmac("revenue.order_link", email.casefold()).hexdigest()[:32],
        limit=REQUESTS_PER_ADDRESS,
        per_s=HOUR_S,
        is_open_on_failure=True,
    ):
        request_order_link(email=email, now=datetime.now(UTC))
    return redirect("order-link-asked")


@public
@require_safe
def link_asked(request: HttpRequest) -> HttpResponse:
    """Say what happens next, without a word about whether the address is known."""
    return render(request, "revenue/order_link_asked.html", {"nav": "order-link"})


@needs("revenue.review_order")
@require_POST
def revoke_links(request: HttpRequest, reference: str) -> HttpResponse:
    """Take back every link to an order."""
    try:
        count = revoke_order_links(
            order_ref=reference, actor_id=request.user.pk, now=datetime.now(UTC)
        )
    except NoSuchOrder as unknown:
        raise Http404 from unknown
    words = "one link was" if count == 1 else f"{count} links were"
    messages.success(request, f"Done: {words} taken back. The buyer can ask for a new one.")
    return redirect("order-detail", reference)

"""The buyer's way to Stripe: offers, Buy, and back without paying."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kernel.limits import allow, visitor_key
from kernel.lookups import found_or_404
from kernel.modes import Mode
from kernel.permissions import public
from kernel.references import new_reference
from revenue.enums import CheckoutState
from revenue.ports import GatewayError, GatewayRefused
from revenue.providers import TooManyCalls, gateway_for_web, one_purchase
from revenue.queries.checkouts import checkout_by_reference
from revenue.queries.offers import offer_on_sale, offer_taken_off_sale, public_offers
from revenue.usecases.keep_views import count_view, is_machine
from revenue.usecases.open_checkout import buy as buy_offer
from revenue.usecases.return_from_checkout import note_cancelled, record_hand_off
from revenue.views.order_cookie import grant, may_see

if TYPE_CHECKING:
    from revenue.models import CheckoutSession, Offer

SALT = "revenue.buy"
FORM_KEPT_S = 12 * 3600
BUYS_PER_HOUR = 30


@public
@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """List what is on sale."""
    context = {"nav": "offer-list", "offers": public_offers()}
    return render(request, "revenue/offers.html", context)


def _off_sale(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that an offer was taken off sale; raise Http404 where there never was one."""
    last = found_or_404(offer_taken_off_sale(slug))
    context = {"nav": "offer-list", "offer": last}
    return render(request, "revenue/offer_retired.html", context, status=410)


@public
@never_cache  # each form carries a key of its own
@require_safe
def offer(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one offer, with the form that buys it."""
    shown = offer_on_sale(slug)
    if shown is None:
        return _off_sale(request, slug)
    _count(request, shown)
    return _render_offer(request, shown)


def _count(request: HttpRequest, shown: Offer) -> None:
    """Count a view by a person, for the funnel; a browser that fetches ahead has seen nothing."""
    is_ahead = "prefetch" in request.headers.get("Sec-Purpose", "")
    agent = request.headers.get("User-Agent", "")
    if request.method == "GET" and not is_ahead and not is_machine(agent):
        count_view(
            offer_id=shown.pk, mode=Mode(settings.DEPLOYMENT_MODE), day=datetime.now(UTC).date()
        )


def _render_offer(
    request: HttpRequest, shown: Offer, *, problem: str = "", status: int = 200
) -> HttpResponse:
    ticket = {
        "offer": shown.reference,
        "buy_key": secrets.token_hex(16),
        "trace_ref": new_reference("trc"),
        "entry_page": request.path[:200],
    }
    context = {
        "nav": "offer-list",
        "offer": shown,
        "ticket": signing.dumps(ticket, salt=SALT, compress=True),
        "problem": problem,
    }
    return render(request, "revenue/offer.html", context, status=status)


@public
@require_POST
def buy(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a Checkout Session and hand the buyer over to Stripe's page."""
    shown = offer_on_sale(slug)
    if shown is None:
        return _off_sale(request, slug)
    try:
        ticket = signing.loads(request.POST.get("ticket", ""), salt=SALT, max_age=FORM_KEPT_S)
    except signing.BadSignature:
        return _render_offer(request, shown, problem="stale_form", status=400)
    if ticket["offer"] != shown.reference:  # a new version was published meanwhile
        return _render_offer(request, shown, problem="new_version", status=409)
    if not allow(
        what="buy",
        who=visitor_key(request),
        limit=BUYS_PER_HOUR,
        per_s=3600,
        is_open_on_failure=True,
    ):
        return _render_offer(request, shown, problem="too_many", status=429)
    try:
        with one_purchase():
            checkout = buy_offer(
                offer=shown,
                buy_key=ticket["buy_key"],
                trace_ref=ticket["trace_ref"],
                entry_page=ticket["entry_page"],
                gateway=gateway_for_web(),
                now=datetime.now(UTC),
            )
    except GatewayRefused:
        return _render_offer(request, shown, problem="refused", status=503)
    except (GatewayError, TooManyCalls):
        return _render_offer(request, shown, problem="stripe_away", status=503)
    return _hand_over(request, checkout)


def _hand_over(request: HttpRequest, checkout: CheckoutSession) -> HttpResponse:
    """Redirect to Stripe's page; where there is none (yet), to our page that says what is known."""
    link = record_hand_off(checkout, now=datetime.now(UTC))
    if checkout.state == CheckoutState.OPEN:
        response: HttpResponse = HttpResponseRedirect(checkout.url)
        response.status_code = 303
    else:
        response = redirect("checkout-status", reference=checkout.reference)
    if link is not None:
        grant(response, request, link=link)
    return response


@public
@never_cache
@require_safe
def cancelled(request: HttpRequest, reference: str) -> HttpResponse:
    """The buyer came back from Stripe's page without paying."""
    checkout = found_or_404(checkout_by_reference(reference, mode=settings.DEPLOYMENT_MODE))
    if may_see(request, checkout_id=checkout.pk):  # the address alone is no proof of who comes
        note_cancelled(checkout, now=datetime.now(UTC))
    if checkout.state == CheckoutState.COMPLETE:
        return redirect("checkout-status", reference=reference)
    return render(request, "revenue/cancelled.html", {"checkout": checkout})

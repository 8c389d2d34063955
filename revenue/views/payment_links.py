"""What an operator prepares for a buyer from a deal: a checkout, or a payment link."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from crm.queries import deal_ref_of
from kernel.lookups import found_or_404
from kernel.permissions import needs
from kernel.references import is_reference
from revenue.enums import CheckoutState, PaymentLinkState
from revenue.operations.links import LinkNotActive
from revenue.ports import GatewayError, GatewayUnknown, PaymentGateway
from revenue.providers import TooManyCalls, gateway_for_web, one_web_call
from revenue.queries.checkouts import (
    checkout_by_reference,
    order_of_checkout,
    payment_link_by_reference,
    prepared_checkout,
    sessions_of_link,
)
from revenue.queries.deals import DealNotForSale
from revenue.queries.offers import links_on_old_prices, sellable_offer
from revenue.usecases.choose_offer import choose_offer
from revenue.usecases.close_checkout import CheckoutNotOpen, close_checkout
from revenue.usecases.deactivate_payment_link import deactivate_payment_link
from revenue.usecases.make_payment_link import make_link_anew, make_payment_link
from revenue.usecases.open_checkout import prepare_checkout

if TYPE_CHECKING:
    from revenue.models import CheckoutSession, Offer, PaymentLink

PREPARE = "revenue.prepare_checkout"


def _now() -> datetime:
    return datetime.now(UTC)


class Prepares(Protocol):
    """What an operator has prepared for a deal, by a use-case."""

    def __call__(
        self,
        *,
        offer: Offer,
        deal_ref: str,
        form_key: str,
        actor_id: int,
        gateway: PaymentGateway,
        now: datetime,
    ) -> CheckoutSession | PaymentLink:
        """Prepare it, once for each form."""
        ...


@require_POST
@needs(PREPARE)
def choose(request: HttpRequest, reference: str) -> HttpResponse:
    """Let the deal be about the offer that was chosen, without making anything at Stripe."""
    offer = _chosen(request)
    if offer is None:
        messages.error(request, "Nothing was changed: choose an offer that is on sale.")
        return redirect("deal", reference)
    try:
        choose_offer(offer=offer, deal_ref=reference, actor_id=request.user.pk or 0, now=_now())
    except DealNotForSale as refusal:
        messages.error(request, f"Nothing was changed. {refusal}")
    else:
        messages.success(request, f"This deal is about {offer.title}, {offer.price}.")
    return redirect("deal", reference)


@require_POST
@needs(PREPARE)
def prepare(request: HttpRequest, reference: str) -> HttpResponse:
    """Prepare a checkout for the deal, and show what to send the buyer."""
    made = _prepared(request, prepare_checkout, deal_ref=reference)
    return redirect("checkout-prepared", made.reference) if made else redirect("deal", reference)


@require_POST
@needs(PREPARE)
def create(request: HttpRequest, reference: str) -> HttpResponse:
    """Make a payment link for the deal, and show what to send the buyer."""
    made = _prepared(request, make_payment_link, deal_ref=reference)
    return redirect("payment-link", made.reference) if made else redirect("deal", reference)


def _prepared(
    request: HttpRequest, usecase: Prepares, *, deal_ref: str
) -> CheckoutSession | PaymentLink | None:
    """Prepare something for the offer that was chosen; say why where that did not work."""
    offer = _chosen(request)
    if offer is None:
        messages.error(request, "Nothing was prepared: choose an offer that is on sale.")
        return None
    form_key = request.POST.get("form_key", "")
    if not form_key:
        messages.error(
            request, "Nothing was prepared: the form came incomplete. Please press again."
        )
        return None
    try:
        with one_web_call():
            return usecase(
                offer=offer,
                deal_ref=deal_ref,
                form_key=form_key,
                actor_id=request.user.pk or 0,
                gateway=gateway_for_web(),
                now=_now(),
            )
    except DealNotForSale as refusal:
        messages.error(request, f"Nothing was prepared. {refusal}")
    except (GatewayError, TooManyCalls) as error:
        code = getattr(error, "code", "busy")
        messages.error(
            request,
            f"Nothing was prepared: Stripe could not make the price of this offer ({code}). "
            "Try again in a minute.",
        )
    return None


def _chosen(request: HttpRequest) -> Offer | None:
    reference = request.POST.get("offer", "")
    return sellable_offer(reference) if is_reference(reference) else None


@never_cache
@require_safe
@needs("revenue.view_checkoutsession")
def checkout(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one checkout: what to send, until when, and what came of it."""
    shown = found_or_404(prepared_checkout(reference))
    context = {
        "nav": "deal-list",
        "checkout": shown,
        "deal_ref": deal_ref_of(shown.deal_id) if shown.deal_id else "",
        "order": order_of_checkout(shown.pk),
    }
    return render(request, "revenue/checkout_prepared.html", context)


@require_POST
@needs(PREPARE)
def close(request: HttpRequest, reference: str) -> HttpResponse:
    """Close an open checkout, so that nobody can pay it any more."""
    found_or_404(checkout_by_reference(reference, mode=settings.DEPLOYMENT_MODE))
    try:
        with one_web_call():
            closed = close_checkout(
                reference, actor_id=request.user.pk or 0, gateway=gateway_for_web(), now=_now()
            )
    except CheckoutNotOpen:
        messages.error(request, "There is nothing to close: this checkout takes no payment.")
    except TooManyCalls:
        messages.warning(request, "Not closed: too many pages wait for Stripe. Press again.")
    except GatewayError as error:
        messages.warning(
            request,
            f"Stripe did not say that it is closed ({error.code}). It may still be open; we ask "
            "again until it is closed or paid.",
        )
    else:
        _say_closed(request, closed)
    return redirect("checkout-prepared", reference)


def _say_closed(request: HttpRequest, closed: CheckoutSession) -> None:
    if closed.state == CheckoutState.EXPIRED:
        messages.success(request, "The checkout is closed. Nobody can pay it any more.")
    elif closed.state == CheckoutState.COMPLETE:
        messages.warning(request, "The checkout was completed before it could be closed.")
    else:
        messages.warning(request, "Stripe has not closed it yet; we ask again.")


@never_cache
@require_safe
@needs("revenue.view_paymentlink")
def payment_link(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one payment link: what to send, and every session that it made."""
    link = found_or_404(payment_link_by_reference(reference))
    context = {
        "nav": "deal-list",
        "link": link,
        "deal_ref": deal_ref_of(link.deal_id),
        "sessions": sessions_of_link(link),
        "is_on_old_price": link.reference
        in links_on_old_prices(mode=link.mode, offer_id=link.offer_id),
    }
    return render(request, "revenue/payment_link.html", context)


@require_POST
@needs(PREPARE)
def deactivate(request: HttpRequest, reference: str) -> HttpResponse:
    """Switch a link off."""
    found_or_404(payment_link_by_reference(reference))
    try:
        with one_web_call():
            link = deactivate_payment_link(
                reference, actor_id=request.user.pk or 0, gateway=gateway_for_web(), now=_now()
            )
    except LinkNotActive:
        messages.error(request, "There is nothing to switch off: this link takes no payment.")
    except GatewayUnknown as unknown:
        messages.warning(
            request,
            f"Stripe did not answer ({unknown.code}). The link may still be open: press again. "
            "We ask again too, until it is off or paid.",
        )
    except GatewayError as error:
        messages.error(
            request,
            f"The link is still on: Stripe refused ({error.code}). We ask again until it is off "
            "or paid.",
        )
    except TooManyCalls:
        messages.warning(request, "Not deactivated: too many pages wait for Stripe. Press again.")
    else:
        if link.state == PaymentLinkState.DEACTIVATED:
            messages.success(request, "The link is off. Nobody can pay by it any more.")
        else:
            messages.warning(request, "The link was paid before it could be deactivated.")
    return redirect("payment-link", reference)


@require_POST
@needs(PREPARE)
def make_anew(request: HttpRequest, reference: str) -> HttpResponse:
    """Make a link in the place of one that nobody can pay by, because its price is gone."""
    found_or_404(payment_link_by_reference(reference, mode=settings.DEPLOYMENT_MODE))
    try:
        with one_web_call():
            made = make_link_anew(
                reference, actor_id=request.user.pk or 0, gateway=gateway_for_web(), now=_now()
            )
    except LinkNotActive:
        messages.error(request, "Nothing was made: this link was used, or is off already.")
    except DealNotForSale as refusal:
        messages.error(request, f"The old link is off, and none was made. {refusal}")
    except (GatewayError, TooManyCalls) as error:
        code = getattr(error, "code", "busy")
        messages.warning(request, f"Not made: Stripe did not answer as it should ({code}).")
    else:
        messages.success(request, "Send this link; the one before is off.")
        return redirect("payment-link", made.reference)
    return redirect("payment-link", reference)

"""Operators' pages of the offers: write, look, publish, take off sale."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kernel.lookups import found_or_404
from kernel.permissions import fresh_login, needs, takes_bytes
from kernel.transitions import IllegalMove
from revenue.enums import OfferState
from revenue.exchanges.prices import look_after_price
from revenue.forms.offers import OfferForm
from revenue.operations.offers import DraftChanged, NotADraft, OfferWords, SlugTaken
from revenue.ports import GatewayError
from revenue.providers import TooManyCalls, gateway_for_web, one_web_call
from revenue.queries.offers import (
    links_on_old_prices,
    offer_by_reference,
    offer_families,
    price_of,
    sellable_offer,
    versions_of,
)
from revenue.usecases.publish_offer import publish_offer
from revenue.usecases.retire_offer import retire_offer
from revenue.usecases.save_offer import (
    discard_draft,
    draft_next_version,
    edit_draft,
    make_draft,
)

if TYPE_CHECKING:
    from revenue.models import Offer

MANAGE = "revenue.manage_offers"
NAV = "offer-admin-list"
TAKEN = "Another offer has this address. Make a new version of that one, or choose another address."
FROZEN = "Nothing was changed: this version is published. A change is a new version."


BODY_BYTES_MAX: Final = 192 * 1024  # all fields full, of characters that a form sends as 12 bytes


def _now() -> datetime:
    return datetime.now(UTC)


@never_cache
@require_safe
@needs("revenue.view_offer")
def offers(request: HttpRequest) -> HttpResponse:
    """List every offer with its versions."""
    return render(request, "revenue/offer_list.html", {"nav": NAV, "families": offer_families()})


@takes_bytes(BODY_BYTES_MAX)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs(MANAGE)
def new(request: HttpRequest) -> HttpResponse:
    """Write the first draft of a new offer."""
    form = OfferForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = make_draft(form.words(), now=_now())
        except SlugTaken:
            form.add_error("slug", TAKEN)
        else:
            messages.success(request, "The draft is saved. Nobody but the team sees it yet.")
            return redirect("offer-edit", reference=draft.reference)
    status = 400 if form.errors else 200
    return render(request, "revenue/offer_new.html", {"nav": NAV, "form": form}, status=status)


@takes_bytes(BODY_BYTES_MAX)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@needs("revenue.view_offer")
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one version; a draft can be changed by those who may."""
    offer = found_or_404(offer_by_reference(reference))
    if request.method != "POST":
        return _page(request, offer, form=OfferForm(offer=offer))
    if not request.user.has_perm(MANAGE):
        raise PermissionDenied(MANAGE)
    form = OfferForm(request.POST, offer=offer)
    if form.is_valid():
        try:
            edit_draft(reference, form.words())
        except SlugTaken:
            form.add_error("slug", TAKEN)
        except NotADraft:
            messages.error(request, FROZEN)
            return redirect("offer-edit", reference=reference)
        else:
            messages.success(request, "The draft is saved.")
            return redirect("offer-edit", reference=reference)
    return _page(request, offer, form=form, status=400)


def _page(
    request: HttpRequest, offer: Offer, *, form: OfferForm, status: int = 200
) -> HttpResponse:
    versions = versions_of(offer)
    on_sale = next((each for each in versions if each.state == OfferState.PUBLISHED), None)
    draft = next((each for each in versions if each.state == OfferState.DRAFT), None)
    context = {
        "nav": NAV,
        "offer": offer,
        "form": form,
        "versions": versions,
        "on_sale": on_sale,
        "draft": draft,
        "seen": OfferWords.of(offer).digest(),
        "price": price_of(offer, mode=settings.DEPLOYMENT_MODE),
        "old_links": links_on_old_prices(mode=settings.DEPLOYMENT_MODE, offer_id=offer.pk),
        "public_address": f"{settings.BASE_URL}/offers/{offer.slug}/",
    }
    return render(request, "revenue/offer_edit.html", context, status=status)


@never_cache
@require_safe
@needs("revenue.view_offer")
def preview(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a version as buyers would see it, without a working button."""
    offer = found_or_404(offer_by_reference(reference))
    return render(request, "revenue/offer.html", {"offer": offer, "is_preview": True})


@require_POST
@needs(MANAGE)
@fresh_login
def publish(request: HttpRequest, reference: str) -> HttpResponse:
    """Put a draft on sale, exactly as it was shown; then make its price at Stripe."""
    found_or_404(offer_by_reference(reference))
    try:
        offer = publish_offer(
            reference, seen=request.POST.get("seen", ""), actor_id=request.user.pk, now=_now()
        )
    except DraftChanged:
        messages.error(
            request,
            "Not published: somebody changed the draft after you opened it. Read it again first.",
        )
    except NotADraft:
        messages.error(request, FROZEN)
    else:
        _say_price(request, offer, f"Version {offer.version} is on sale at {offer.price}.")
    return redirect("offer-edit", reference=reference)


@require_POST
@needs(MANAGE)
def price(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask Stripe about the price, and make it where it is not sold at."""
    offer = found_or_404(sellable_offer(reference))
    _say_price(request, offer, "")
    return redirect("offer-edit", reference=reference)


def _say_price(request: HttpRequest, offer: Offer, done: str) -> None:
    """Make the price at Stripe, and say beside ``done`` how that went."""
    try:
        with one_web_call():
            look_after_price(
                offer=offer, mode=settings.DEPLOYMENT_MODE, gateway=gateway_for_web(), now=_now()
            )
    except (GatewayError, TooManyCalls) as error:
        code = getattr(error, "code", "busy")
        messages.warning(
            request,
            f"{done} Its price could not be made at Stripe ({code}). It is made with the first "
            "purchase, or by the button below.".strip(),
        )
    else:
        messages.success(request, f"{done} Stripe knows its price.".strip())


@require_POST
@needs(MANAGE)
def next_version(request: HttpRequest, reference: str) -> HttpResponse:
    """Copy a version into a draft that may be changed."""
    found_or_404(offer_by_reference(reference))
    draft = draft_next_version(reference, now=_now())
    sold = next((each for each in versions_of(draft) if each.state == OfferState.PUBLISHED), None)
    stays = (
        f"Version {sold.version} stays on sale until you publish it."
        if sold
        else "Nothing of this offer is on sale."
    )
    messages.info(request, f"You are writing version {draft.version}. {stays}")
    return redirect("offer-edit", reference=draft.reference)


@require_POST
@needs(MANAGE)
def discard(request: HttpRequest, reference: str) -> HttpResponse:
    """Throw a draft away."""
    found_or_404(offer_by_reference(reference))
    try:
        discard_draft(reference)
    except NotADraft:
        messages.error(request, FROZEN)
        return redirect("offer-edit", reference=reference)
    messages.success(request, "The draft is gone. Nobody had seen it.")
    return redirect("offer-admin-list")


@require_POST
@needs(MANAGE)
@fresh_login
def retire(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a version off sale."""
    found_or_404(offer_by_reference(reference))
    try:
        offer = retire_offer(reference, actor_id=request.user.pk, now=_now())
    except IllegalMove:
        messages.error(request, "Nothing was changed: this version is not on sale.")
    else:
        messages.success(
            request,
            f"{offer.title} is off sale. Checkouts and payment links made before still work.",
        )
    return redirect("offer-edit", reference=reference)

"""The buyer's own pages: the order, its receipt, the refund policy it was bought under."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from fulfillment.operations import BriefTooLate
from fulfillment.queries import intake_of_order
from kernel.permissions import public
from revenue.forms.briefs import BriefForm
from revenue.queries.briefs import brief_of_order
from revenue.queries.order_page import order_for_buyer, order_page
from revenue.usecases.answer_brief import answer_brief
from revenue.views.order_cookie import may_see

if TYPE_CHECKING:
    from revenue.models import Order

TOO_LATE = "We have begun with your first answer. Write to us if it has changed."


def seen_order(request: HttpRequest, reference: str) -> Order | None:
    """Return the order if this browser holds a link to it."""
    order = order_for_buyer(reference)
    if order is None or not may_see(request, checkout_id=order.checkout_id):
        return None
    return order


def closed(request: HttpRequest) -> HttpResponse:
    """Answer alike for an order of somebody else's and for one that does not exist."""
    return render(request, "revenue/order_closed.html", status=403)


@public
@never_cache
@require_safe
def order(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what became of an order to the browser that holds a link to it."""
    seen = seen_order(request, reference)
    if seen is None:
        return closed(request)
    return _page(request, seen)


@public
@never_cache
@require_POST
def brief(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep what the buyer says that their order is about, until planning begins."""
    seen = seen_order(request, reference)
    if seen is None:
        return closed(request)
    asked = brief_of_order(seen, intake_of_order(seen.pk))
    if asked is None:
        messages.info(request, TOO_LATE)
        return redirect("order", reference=reference)
    form = BriefForm(request.POST)
    if not form.is_valid():
        return _page(request, seen, form=form)
    try:
        answer_brief(asked.run_ref, words=form.words(), now=timezone.now())
    except BriefTooLate:
        messages.info(request, TOO_LATE)
    else:
        messages.success(request, "Thank you. We have your answer.")
    return redirect("order", reference=reference)


def _page(request: HttpRequest, seen: Order, *, form: BriefForm | None = None) -> HttpResponse:
    page = order_page(seen)
    asked = brief_of_order(seen, page.intake)
    context = {
        "page": page,
        "order": seen,
        "brief": asked
        and {"is_given": asked.is_given, "form": form or BriefForm(initial=asked.initial)},
    }
    return render(request, "revenue/order.html", context)


@public
@never_cache
@require_safe
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the receipt alone, for printing. An order without a payment has none."""
    seen = seen_order(request, reference)
    if seen is None:
        return closed(request)
    if seen.paid_at is None:
        return redirect("order", reference=reference)
    return render(request, "revenue/receipt.html", {"page": order_page(seen), "order": seen})


@public
@never_cache
@require_safe
def policy(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the refund policy of the version that was bought, whatever is on sale today."""
    seen = seen_order(request, reference)
    if seen is None:
        return closed(request)
    return render(request, "revenue/policy.html", {"order": seen})

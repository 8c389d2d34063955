"""Deciding about an order that needed a person: accept as paid, refund, not ours. Final."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from kernel.doors import needs
from revenue.enums import ReviewVerdict
from revenue.forms.orders import VerdictForm
from revenue.forms.reasons import ReasonForm
from revenue.models import Order
from revenue.operations.reviewing import AlreadyDecided, NothingToDecide
from revenue.usecases.decide_review import accept_order, rule_out_order
from revenue.usecases.mean_double import mean_double
from revenue.views.reasons import ask_again

REVIEW: Final = "revenue.review_order"
NAV: Final = "review-list"
BUTTONS: Final = {
    ReviewVerdict.ACCEPTED: "Accept as paid",
    ReviewVerdict.NOT_OURS: "Decide: not ours",
}


@needs(REVIEW)
@require_POST
def review(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a verdict. A refund moves money and has a page of its own."""
    wanted = request.POST.get("verdict", "")
    if wanted == ReviewVerdict.REFUND:
        return redirect("order-refund", reference)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return ask_again(
            request,
            form,
            nav=NAV,
            title="A verdict has a reason, and is final",
            button=BUTTONS.get(wanted, "Decide"),  # type: ignore[call-overload]  # their values
            back=reverse("order-detail", args=[reference]),
        )
    is_accepted = form.cleaned_data["verdict"] == ReviewVerdict.ACCEPTED
    decide = accept_order if is_accepted else rule_out_order
    try:
        decide(
            order_ref=reference,
            reason=form.cleaned_data["reason"],
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=datetime.now(UTC),
        )
    except Order.DoesNotExist as error:
        raise Http404(reference) from error
    except (AlreadyDecided, NothingToDecide) as refusal:
        messages.error(request, str(refusal))
    else:
        words = "Accepted as paid." if is_accepted else "Decided: not ours."
        messages.success(request, f"{words} The verdict is final and recorded.")
    return redirect("order-detail", reference)


@needs(REVIEW)
@require_POST
def double_meant(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a person's word that a possible double payment was meant, for a reason."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return ask_again(
            request,
            form,
            nav="order-list",
            title="The buyer meant both payments",
            button="Decide: the buyer meant both",
            back=reverse("order-detail", args=[reference]),
        )
    try:
        mean_double(
            order_ref=reference,
            reason=form.cleaned_data["reason"],
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=datetime.now(UTC),
        )
    except Order.DoesNotExist as error:
        raise Http404(reference) from error
    except (AlreadyDecided, NothingToDecide) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Decided: the buyer meant both. That is final and recorded.")
    return redirect("order-detail", reference)

"""Deciding about an order that needed a person: accept as paid, refund, not ours. Final."""

from __future__ import annotations

from collections.abc import Callable
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
    words = "Accepted as paid." if is_accepted else "Decided: not ours."
    return _decide(
        request,
        reference,
        by=accept_order if is_accepted else rule_out_order,
        reason=form.cleaned_data["reason"],
        words=f"{words} The verdict is final and recorded.",
    )


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
    return _decide(
        request,
        reference,
        by=mean_double,
        reason=form.cleaned_data["reason"],
        words="Decided: the buyer meant both. That is final and recorded.",
    )


def _decide(
    request: HttpRequest, reference: str, *, by: Callable[..., object], reason: str, words: str
) -> HttpResponse:
    """Decide ``by`` a use-case, say ``words`` or why not, and go back to the order."""
    try:
        by(
            order_ref=reference,
            reason=reason,
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=datetime.now(UTC),
        )
    except Order.DoesNotExist as error:
        raise Http404(reference) from error
    except (AlreadyDecided, NothingToDecide) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return redirect("order-detail", reference)

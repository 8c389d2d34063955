"""Deciding about an order that needed a person: accept as paid, refund, not ours. Final."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from kernel.doors import needs
from revenue.enums import ReviewVerdict
from revenue.forms.orders import VerdictForm
from revenue.models import Order
from revenue.operations.reviewing import AlreadyDecided, NothingToDecide
from revenue.usecases.decide_review import accept_order, rule_out_order


@needs("revenue.review_order")
@require_POST
def review(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a verdict. A refund moves money and has a page of its own."""
    if request.POST.get("verdict") == ReviewVerdict.REFUND:
        return redirect("order-refund", reference)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        problem = "Say why: a verdict has a reason, and is final. Nothing was decided."
        messages.error(request, problem)
        return redirect("order-detail", reference)
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

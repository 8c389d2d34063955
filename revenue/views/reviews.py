"""Deciding about an order that needed a person: accept as paid, refund, not ours, open again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from kernel.permissions import needs
from revenue.enums import ReviewVerdict
from revenue.forms.orders import VerdictForm
from revenue.forms.reasons import ReasonForm
from revenue.operations.reviewing import AlreadyDecided, NothingToDecide
from revenue.queries.order_file import order_file
from revenue.queries.orders import NoSuchOrder
from revenue.usecases.accept_double_payment import accept_double_payment
from revenue.usecases.decide_review import accept_order, reopen_order, rule_out_order
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
    """Take a verdict. A refund has a page of its own, and not ours is said once more first."""
    wanted = request.POST.get("verdict", "")
    if wanted == ReviewVerdict.REFUND:
        return redirect("order-refund", reference)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return ask_again(
            request,
            form,
            nav=NAV,
            title="A verdict has a reason",
            button=BUTTONS.get(wanted, "Decide"),  # type: ignore[call-overload]  # their values
            back=reverse("order-detail", args=[reference]),
        )
    reason = form.cleaned_data["reason"]
    if wanted == ReviewVerdict.ACCEPTED:
        return _decide(
            request,
            reference,
            by=accept_order,
            reason=reason,
            words="Accepted as paid. The decision is recorded with your name.",
        )
    if "confirmed" not in request.POST:
        return _last_look(request, reference, form)
    return _decide(
        request,
        reference,
        by=rule_out_order,
        reason=reason,
        words="Decided: not ours. The payer gets an e-mail. You can still refund the payment, "
        "or reopen the decision.",
    )


def _last_look(request: HttpRequest, reference: str, form: VerdictForm) -> HttpResponse:
    """Say what *not ours* does, with the sum, before it is done."""
    found = order_file(reference)
    if found is None:
        raise Http404(reference)
    if not (found.needs_verdict and found.may_be_anothers):
        # The use-case knows why not, and says it.
        return _decide(
            request, reference, by=rule_out_order, reason=form.cleaned_data["reason"], words=""
        )
    context = {"nav": NAV, "file": found, "order": found.order, "form": form}
    return render(request, "revenue/not_ours_confirm.html", context)


@needs(REVIEW)
@require_POST
def reopen(request: HttpRequest, reference: str) -> HttpResponse:
    """Take a verdict back, for a reason."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return ask_again(
            request,
            form,
            nav="order-list",
            title="Why is this order open again?",
            button="Reopen",
            back=reverse("order-detail", args=[reference]),
        )
    return _decide(
        request,
        reference,
        by=reopen_order,
        reason=form.cleaned_data["reason"],
        words="Reopened: the order waits for a decision again.",
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
        by=accept_double_payment,
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
    except NoSuchOrder as error:
        raise Http404(reference) from error
    except (AlreadyDecided, NothingToDecide) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, words)
    return redirect("order-detail", reference)

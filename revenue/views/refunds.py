"""Refunds: a page of its own, a fresh login, a typed sum, and a last look at it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kernel.permissions import fresh_login, needs
from kernel.references import new_reference
from revenue.enums import RefundState
from revenue.forms.orders import RefundForm
from revenue.operations.refund_requests import NotRefundable
from revenue.operations.reviewing import AlreadyDecided, NothingToDecide
from revenue.providers import TooManyCalls, gateway_for_web, one_web_call
from revenue.queries.order_file import OrderFile, order_file
from revenue.usecases.decide_review import refund_reviewed_order
from revenue.usecases.request_refund import request_refund

if TYPE_CHECKING:
    from revenue.models import RefundRequest


@needs("revenue.refund_order")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask how much and why, say it once more, then ask Stripe. Stripe's event books it."""
    found = order_file(reference)
    if found is None:
        raise Http404(reference)
    if found.not_refundable_because and request.method != "POST":
        return _page(request, found, None)
    form = _form(request, found)
    if request.method != "POST":
        return _page(request, found, form)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    if "again" in request.POST:
        return _page(request, found, form)
    if not found.needs_verdict and "confirmed" not in request.POST:
        return _last_look(request, found, form)
    try:
        with one_web_call():
            asked = _ask(request, found, form)
    except TooManyCalls:
        form.add_error(None, "Stripe is slow just now. Nothing was sent; try again in a minute.")
        return _page(request, found, form, status=503)
    except (NotRefundable, AlreadyDecided, NothingToDecide) as refusal:
        form.add_error(None, str(refusal))
        return _page(request, found, form, status=409)
    _say(request, asked)
    return redirect("order-detail", reference)


def _form(request: HttpRequest, found: OrderFile) -> RefundForm:
    initial = {"request_ref": new_reference("rfq"), "seen": found.refundable.decimal()}
    if "owed" in request.GET and found.order.refund_owed.amount_minor:
        initial["amount"] = found.order.refund_owed.decimal()
    return RefundForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        paid=found.order.total,
        refundable=found.refundable,
        is_all=found.needs_verdict,
    )


def _page(
    request: HttpRequest, found: OrderFile, form: RefundForm | None, *, status: int = 200
) -> HttpResponse:
    nav = "review-list" if found.needs_verdict else "order-list"
    context = {"nav": nav, "file": found, "order": found.order, "form": form}
    return render(request, "revenue/refund.html", context, status=status)


def _last_look(request: HttpRequest, found: OrderFile, form: RefundForm) -> HttpResponse:
    """Say the typed sum and what it does; a sum that cannot go any more is told here."""
    left = found.refundable - form.cleaned_data["amount"]
    if left.amount_minor < 0:
        form.add_error("amount", f"At most {found.refundable} can be refunded now.")
        return _page(request, found, form, status=400)
    context = {
        "nav": "order-list",
        "order": found.order,
        "form": form,
        "amount": form.cleaned_data["amount"],
        "left": left,
    }
    return render(request, "revenue/refund_confirm.html", context)


def _ask(request: HttpRequest, found: OrderFile, form: RefundForm) -> RefundRequest:
    typed = form.cleaned_data
    words = {
        "order_ref": found.order.reference,
        "request_ref": typed["request_ref"],
        "amount": typed["amount"],
        "reason": typed["reason"],
        "actor_id": int(request.user.pk or 0),
        "gateway": gateway_for_web(),
        "now": datetime.now(UTC),
    }
    if found.needs_verdict:
        return refund_reviewed_order(**words)
    return request_refund(**words, seen=typed["seen"])


def _say(request: HttpRequest, asked: RefundRequest) -> None:
    amount = asked.amount
    if asked.state == RefundState.REFUSED:
        messages.error(
            request, f"Stripe refused to refund {amount} ({asked.last_error}). Nothing moved."
        )
    elif asked.state == RefundState.UNKNOWN:
        messages.warning(
            request,
            f"Stripe did not answer, so nobody knows yet whether {amount} was refunded. Do not ask "
            "again: we look it up at Stripe, and this page will say.",
        )
    else:
        messages.success(
            request,
            f"Stripe has the refund of {amount}. It is booked here when Stripe says that it went.",
        )

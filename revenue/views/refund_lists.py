"""Refunds: the list, one of them, and recording that one was paid another way than by Stripe."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kernel.paging import Cursor
from kernel.permissions import fresh_login, needs
from kernel.references import new_reference
from revenue.enums import PaidBy
from revenue.forms.refund_lists import PaidElsewhereForm, RefundFilterForm
from revenue.queries.order_file import OrderFile, order_file
from revenue.queries.refunds import refund_file, refunds_page, requests_without_refund
from revenue.usecases.record_paid_elsewhere import NotOwed, record_paid_elsewhere


@needs("revenue.view_refund")
@require_safe
def refunds(request: HttpRequest) -> HttpResponse:
    """List refunds, newest first; above them those that Stripe has not made. Two statements."""
    form = RefundFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    cursor = Cursor.from_query(request.GET)
    page = refunds_page(
        cursor=cursor, which=narrowed.get("standing", ""), mode=narrowed.get("mode", "")
    )
    is_first = cursor == Cursor() and not any(narrowed.values())
    context = {
        "nav": "refund-list",
        "form": form,
        "is_filtered": any(narrowed.values()),
        "asked": requests_without_refund() if is_first else [],
        "refunds": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "revenue/refund_list.html", context)


@needs("revenue.view_refund")
@never_cache
@require_safe
def refund_detail(request: HttpRequest, stripe_id: str) -> HttpResponse:
    """Show one refund; one that failed with what can be done about it."""
    found = refund_file(stripe_id)
    if found is None:
        raise Http404(stripe_id)
    context = {
        "nav": "refund-list",
        "file": found,
        "refund": found.refund,
        "order": found.refund.order,
    }
    return render(request, "revenue/refund_detail.html", context)


@needs("revenue.refund_order")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def paid_elsewhere(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask how much was paid, how and why; say it once more; then book it."""
    found = order_file(reference)
    if found is None:
        raise Http404(reference)
    initial = {
        "record_ref": new_reference("rpe"),
        "amount": found.order.refund_owed.decimal(),
        "paid_by": PaidBy.BANK_TRANSFER,
    }
    data = request.POST if request.method == "POST" else None
    form = PaidElsewhereForm(data, initial=initial, limit=found.order.refund_owed)
    if data is None or "again" in data:
        return _page(request, found, form)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    if "confirmed" not in data:
        return _last_look(request, found, form)
    typed = form.cleaned_data
    try:
        paid = record_paid_elsewhere(
            order_ref=reference,
            record_ref=typed["record_ref"],
            amount=typed["amount"],
            paid_by=PaidBy(typed["paid_by"]),
            reason=typed["reason"],
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=datetime.now(UTC),
        )
    except NotOwed as refusal:
        form.add_error(None, str(refusal))
        return _page(request, found, form, status=409)
    messages.success(request, f"Recorded: {paid.amount} paid {PaidBy(paid.paid_by).label}.")
    return redirect("order-detail", reference)


def _page(
    request: HttpRequest, found: OrderFile, form: PaidElsewhereForm, *, status: int = 200
) -> HttpResponse:
    context = {"nav": "refund-list", "file": found, "order": found.order, "form": form}
    return render(request, "revenue/paid_elsewhere.html", context, status=status)


def _last_look(request: HttpRequest, found: OrderFile, form: PaidElsewhereForm) -> HttpResponse:
    typed = form.cleaned_data
    left = found.order.refund_owed - typed["amount"]
    if left.amount_minor < 0:
        form.add_error("amount", f"Enter an amount up to {found.order.refund_owed}.")
        return _page(request, found, form, status=400)
    context = {
        "nav": "refund-list",
        "order": found.order,
        "form": form,
        "amount": typed["amount"],
        "way": PaidBy(typed["paid_by"]).label,
        "left": left,
    }
    return render(request, "revenue/paid_elsewhere_confirm.html", context)

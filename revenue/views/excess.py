"""Settling an over-refund: more went back to the buyer than was paid."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kernel.permissions import fresh_login, needs
from kernel.references import new_reference
from revenue.enums import ExcessSettledBy
from revenue.forms.refund_lists import ExcessForm
from revenue.queries.order_file import OrderFile, order_file
from revenue.usecases.settle_excess import NotSettled, settle_excess


@needs("revenue.refund_order")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def excess(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask how much, what became of it and why; say it once more; then record it."""
    found = order_file(reference)
    if found is None:
        raise Http404(reference)
    limit = found.order.excess
    data = request.POST if request.method == "POST" else None
    initial = {"record_ref": new_reference("exs"), "amount": limit.decimal()}
    form = ExcessForm(data, initial=initial, limit=limit)
    if data is None or "again" in data:
        return _page(request, found, form)
    if not form.is_valid():
        return _page(request, found, form, status=400)
    if "confirmed" not in data:
        return _last_look(request, found, form)
    typed = form.cleaned_data
    try:
        settled = settle_excess(
            order_ref=reference,
            record_ref=typed["record_ref"],
            amount=typed["amount"],
            settled_by=ExcessSettledBy(typed["settled_by"]),
            reason=typed["reason"],
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=datetime.now(UTC),
        )
    except NotSettled as refusal:
        form.add_error(None, str(refusal))
        return _page(request, found, form, status=409)
    how = ExcessSettledBy(settled.settled_by).label
    words = f"returned {how}" if settled.is_returned else how
    messages.success(request, f"Recorded: {settled.amount} {words}.")
    return redirect("order-detail", reference)


def _page(
    request: HttpRequest, found: OrderFile, form: ExcessForm, *, status: int = 200
) -> HttpResponse:
    context = {"nav": "refund-list", "file": found, "order": found.order, "form": form}
    return render(request, "revenue/excess.html", context, status=status)


def _last_look(request: HttpRequest, found: OrderFile, form: ExcessForm) -> HttpResponse:
    amount = form.cleaned_data["amount"]
    left = found.order.excess - amount
    if left.amount_minor < 0:
        form.add_error("amount", f"Enter an amount up to {found.order.excess}.")
        return _page(request, found, form, status=400)
    how = ExcessSettledBy(form.cleaned_data["settled_by"])
    context = {
        "nav": "refund-list",
        "order": found.order,
        "form": form,
        "amount": amount,
        "way": how.label,
        "is_written_off": how == ExcessSettledBy.WRITTEN_OFF,
        "left": left,
    }
    return render(request, "revenue/excess_confirm.html", context)

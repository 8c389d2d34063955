"""Orders: the list, one order, and those that a person has to decide about."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.order_lines import lines_of
from fulfillment import queries as fulfillment
from kernel import waiting_list
from kernel.modes import Mode
from kernel.money import Money
from kernel.paging import Cursor
from kernel.permissions import needs
from revenue import queries as revenue
from revenue.enums import OrderState, ReviewReason
from revenue.enums.for_operators import INQUIRY, ORDERS
from revenue.queries import OrderFile

NOT_OURS_BACK: Final = "{sum} that is not ours, refunded"
NOT_OURS_PARTLY_BACK: Final = "{sum} that is not ours, partly refunded"
UNINTENDED: Final = "If the buyer did not mean to pay twice"
REFUND_DECIDED: Final = "{sum} is to be refunded, and has not all gone back"


class OrderFilterForm(forms.Form):
    """What narrows the list of orders."""

    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "Any state"), *OrderState.choices]
    )
    mode = forms.ChoiceField(
        required=False, label="Mode", choices=[("", "Any mode"), *Mode.choices]
    )
    offer = forms.TypedChoiceField(
        required=False, label="Offer", coerce=int, empty_value=None, choices=()
    )

    double = forms.ChoiceField(
        required=False,
        label="Paid twice",
        choices=[("", "Any order"), ("possible", "Possibly")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offers = [(offer.id, str(offer)) for offer in revenue.offers_ever_sold()]
        field = self.fields["offer"]
        field.choices = [("", "Any offer"), *offers]  # type: ignore[attr-defined]  # a ChoiceField


@needs("revenue.view_order")
@require_safe
def order_list(request: HttpRequest) -> HttpResponse:
    """List orders by state, mode, offer and double payment, newest first. Two statements."""
    form = OrderFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    page = revenue.orders_page(
        cursor=Cursor.from_query(request.GET),
        state=narrowed.get("state", ""),
        mode=narrowed.get("mode", ""),
        offer_id=narrowed.get("offer"),
        is_possible_double=bool(narrowed.get("double")),
    )
    context = {
        "nav": "order-list",
        "form": form,
        "is_filtered": any(narrowed.values()),
        "orders": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "console/order_list.html", context)


@needs("revenue.view_order")
@require_safe
def order_detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one order: its money, what waits for a decision, and all that happened."""
    found = revenue.order_file(reference)
    if found is None:
        raise Http404(reference)
    intake = fulfillment.intake_of_order(found.order.id)
    run = intake.run if intake else None
    events = fulfillment.events_of_run(run.id) if run else []
    context = {
        "nav": "review-list" if found.needs_verdict else "order-list",
        "file": found,
        "order": found.order,
        "title": _title(found),
        "differs": _differs(found),
        "double_advice": _double_advice(found),
        "intake": intake,
        "lines": lines_of(found, intake=intake, events=events),
    }
    return render(request, "console/order_detail.html", context)


def _title(found: OrderFile) -> str:
    order = found.order
    is_decided = found.is_refund_decided
    words = REFUND_DECIDED if is_decided else order.state_words.heading
    if order.state == OrderState.NOT_OURS and order.refunded.amount_minor:
        is_all = order.refunded >= order.total
        words = NOT_OURS_BACK if is_all else NOT_OURS_PARTLY_BACK
    if order.state == OrderState.DISPUTED and found.disputes:
        return _disputed(found)
    if order.state == OrderState.NEEDS_REVIEW and not order.total.amount_minor:
        return "A person has to decide about an order that cost nothing"
    return words.format(sum=order.total)


def _disputed(found: OrderFile) -> str:
    """Say how much is disputed, and whether it still is; of several, what is open goes first."""
    total = found.order.total
    sums = [each.amount for each in found.open_disputes or found.lost_disputes]
    is_asked = bool(found.open_disputes) and all(each.is_inquiry for each in found.open_disputes)
    words = INQUIRY.heading if is_asked else ORDERS[OrderState.DISPUTED].heading
    if not sums or any(each.currency != total.currency for each in sums):
        return words.format(sum=f"a payment of {total}")
    amount = Money.total(sums, currency=total.currency)
    part = f"{amount}" if amount == total else f"{amount} of {total}"
    if found.open_disputes:
        return words.format(sum=part)
    return f"The buyer disputed {part}, and the bank gave it back to them"


def _double_advice(found: OrderFile) -> str:
    """Say what to do about a second payment, or why nothing is to be done about its money."""
    order = found.order
    if order.state == OrderState.DISPUTED and found.is_dispute_lost:
        return "The bank gave it back to the buyer."
    if order.state == OrderState.DISPUTED:
        return "The buyer disputes it, so the bank decides about its money."
    if order.state == OrderState.PARTIALLY_REFUNDED:
        return f"{order.refunded} of it went back already. {UNINTENDED}, refund the rest."
    return f"{UNINTENDED}, refund this one."


def _differs(found: OrderFile) -> str:
    """Say in a sentence why a person has to look at the order."""
    order = found.order
    reason = order.review_reason
    if reason is None:
        return ""
    if reason in (ReviewReason.AMOUNT_DIFFERS, ReviewReason.CURRENCY_DIFFERS):
        asked = found.checkout.price
        return f"Our checkout asked for {asked}; Stripe says that it took {order.total}."
    if reason == ReviewReason.FOREIGN_MODE:
        return "It names a checkout of ours that was made in another mode."
    return f"Stripe took {order.total} in a session that no checkout of ours explains."


@needs("revenue.view_order")
@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """List the orders that a person has to decide about, and name the doubles. Two statements."""
    page = revenue.orders_to_review(cursor=Cursor.from_query(request.GET))
    context = {
        "nav": "review-list",
        "doubles": waiting_list.numbers().get("double", 0),
        "orders": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "console/review_list.html", context)

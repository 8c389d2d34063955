"""The pages of purchases by hand: which there are, one of them, and what a person says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django import forms
from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kernel.paging import Cursor
from kernel.permissions import fresh_login, needs, takes_file
from toolrouter.bookkeeping import as_csv
from toolrouter.forms.purchases import (
    MONTH_FORMAT,
    BoughtForm,
    MonthForm,
    NotBoughtForm,
    PurchaseFilterForm,
    ReceiptForm,
    paid_of,
)
from toolrouter.operations import By
from toolrouter.queries import purchases
from toolrouter.queries.clock import database_now
from toolrouter.receipt_files import CONTENT_TYPES
from toolrouter.usecases import close_purchase
from toolrouter.usecases.close_purchase import AlreadyClosed, HasFile
from toolrouter.usecases.confirm_payee import CannotConfirm, confirm_payee
from toolrouter.views.shared import FormPage, actor, by

NAV: Final = "purchase-list"
SAID_ALREADY: Final = "Somebody closed it already. Nothing was changed."
PART_BYTES: Final = 256 * 1024


@needs("toolrouter.view_purchase")
@never_cache
@require_safe
def purchase_list(request: HttpRequest) -> HttpResponse:
    """List purchases, newest first, by lane and environment. Two statements."""
    form, now = PurchaseFilterForm(request.GET), database_now()
    narrowed = form.cleaned_data if form.is_valid() else {}
    page = purchases.purchases_page(
        cursor=Cursor.from_query(request.GET),
        lane=narrowed.get("lane", ""),
        mode=narrowed.get("mode", ""),
    )
    context = {
        "nav": NAV,
        "form": form,
        "is_filtered": any(narrowed.values()),
        "purchases": page.rows,
        "month": now.strftime(MONTH_FORMAT),
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "toolrouter/purchase_list.html", context)


@needs("toolrouter.view_purchase")
@never_cache
@require_safe
def purchase(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one purchase: what was approved and by whom, and what came of it."""
    return _page(request, reference, now=database_now())


@needs("toolrouter.close_purchase")
@never_cache
@takes_file
@require_http_methods(["GET", "POST"])
def mark_bought(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what was paid, with the receipt."""
    if request.method != "POST":
        return redirect("purchase", reference)
    now = database_now()
    form = BoughtForm(request.POST, request.FILES, purchase=_found(reference), now=now)
    if not form.is_valid():
        return _page(request, reference, now=now, bought_form=form, status=400)
    try:
        booked = close_purchase.mark_bought(
            reference,
            paid=paid_of(form),
            paid_on=form.cleaned_data["paid_on"],
            file=form.cleaned_data["file"],
            by=by(request, form),
            now=now,
        )
    except AlreadyClosed:
        messages.info(request, SAID_ALREADY)
        return redirect("purchase", reference)
    if booked.incident_ref:
        messages.warning(
            request, "Booked, but not as approved: the project is on hold until an owner"
            " has closed the incident.",
        )  # fmt: skip
    else:
        messages.success(request, "Booked.")
    return redirect("purchase", reference)


@needs("toolrouter.close_purchase")
@never_cache
@require_http_methods(["GET", "POST"])
def mark_not_bought(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that it was not bought, and why."""
    page = _form_page(
        reference,
        title="Close this as not bought",
        button="Close as not bought",
        intro="Nothing was paid. The reserved money is free again.",
    )
    form = NotBoughtForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    try:
        close_purchase.mark_not_bought(reference, by=by(request, form), now=database_now())
    except AlreadyClosed:
        messages.info(request, SAID_ALREADY)
    else:
        messages.success(request, "Closed as not bought.")
    return redirect(page.back)


@needs("approvals.decide_spend")
@never_cache
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """Take it back from whoever was to buy it: whoever could approve it may."""
    page = _form_page(
        reference,
        title="Cancel this purchase",
        button="Cancel the purchase",
        intro="Only if nobody has paid for it. The reserved money is free again.",
    )
    form = NotBoughtForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    try:
        close_purchase.cancel(reference, by=by(request, form), now=database_now())
    except AlreadyClosed:
        messages.info(request, SAID_ALREADY)
    else:
        messages.success(request, "Cancelled.")
    return redirect(page.back)


@needs("toolrouter.close_purchase")
@never_cache
@takes_file
@require_POST
def add_file(request: HttpRequest, reference: str) -> HttpResponse:
    """Add the receipt of something that was booked without one."""
    now = database_now()
    _found(reference)
    form = ReceiptForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, reference, now=now, receipt_form=form, status=400)
    who = By(actor_id=actor(request))
    try:
        close_purchase.add_file(reference, file=form.cleaned_data["file"], by=who, now=now)
    except HasFile:
        messages.info(request, "It has a receipt already. Nothing was changed.")
    else:
        messages.success(request, "The receipt was added.")
    return redirect("purchase", reference)


@needs("toolrouter.view_purchasereceipt")
@never_cache
@require_safe
def file(request: HttpRequest, reference: str) -> HttpResponseBase:  # noqa: ARG001  # Django's
    """Download the receipt: to the disk, whatever is in it."""
    found = purchases.file_of(reference)
    if found is None:
        raise Http404(reference)
    kind, content = found
    parts = (content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES))
    return StreamingHttpResponse(
        parts,
        headers={
            "Content-Type": CONTENT_TYPES[kind],
            "Content-Length": str(len(content)),
            "Content-Disposition": f'attachment; filename="{reference}.{kind}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


@needs("toolrouter.change_safety")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm whom this domain pays, after a look at what was bought."""
    found = _found(reference)
    page = FormPage(
        title=f"Confirm the payee {found.row.payee.domain}",
        button="Confirm the payee",
        back=reverse("purchase", args=[reference]),
        intro="Look at the receipt first. Requests for this domain are not marked as a new payee"
        f" any more, in this environment ({found.row.mode}).",
        nav=NAV,
    )
    form = forms.Form(request.POST or None)
    if request.method != "POST":
        return page.show(request, form)
    try:
        is_new = confirm_payee(reference, actor_id=actor(request), now=database_now())
    except CannotConfirm:
        messages.info(request, "There is no payee to confirm here. Nothing was changed.")
    else:
        messages.success(request, "Confirmed." if is_new else "It was confirmed already.")
    return redirect(page.back)


@needs("toolrouter.view_purchase")
@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Download what was booked in a month (UTC), for the bookkeeper. Two statements."""
    form = MonthForm(request.GET)
    if not form.is_valid():
        raise Http404("month")
    start, end = form.span
    text = as_csv(purchases.booked_from(start, end))
    name = f"purchases-{start:{MONTH_FORMAT}}.csv"
    return HttpResponse(
        text,
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _page(
    request: HttpRequest,
    reference: str,
    *,
    now: datetime,
    bought_form: BoughtForm | None = None,
    receipt_form: ReceiptForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = _found(reference)
    context = {
        "nav": NAV,
        "purchase": found,
        "row": found.row,
        "bought_form": bought_form or BoughtForm(purchase=found, now=now),
        "receipt_form": receipt_form or ReceiptForm(),
    }
    return render(request, "toolrouter/purchase.html", context, status=status)


def _form_page(reference: str, *, title: str, button: str, intro: str) -> FormPage:
    _found(reference)
    return FormPage(
        title=title,
        button=button,
        back=reverse("purchase", args=[reference]),
        intro=intro,
        nav=NAV,
    )


def _found(reference: str) -> purchases.PurchaseDetail:
    found = purchases.purchase_by_reference(reference)
    if found is None:
        raise Http404(reference)
    return found

"""Notes about an order, and about its refunds and disputes."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from kernel.permissions import needs
from revenue.forms.notes import OrderNoteForm
from revenue.queries.disputes import is_dispute
from revenue.queries.orders import NoSuchOrder
from revenue.queries.refunds import is_refund
from revenue.usecases.write_note import NotOfThisOrder, write_note
from revenue.views.reasons import ask_again


@needs("revenue.review_order")
@require_POST
def add(request: HttpRequest, reference: str) -> HttpResponse:
    """Write a note, and go back to the page it was written on."""
    form = OrderNoteForm(request.POST)
    back = _page_about(reference, request.POST.get("about", ""))
    if not form.is_valid():
        return ask_again(
            request, form, nav="order-list", title="Add a note", button="Add the note", back=back
        )
    try:
        write_note(
            order_ref=reference,
            about=form.cleaned_data["about"],
            words=form.cleaned_data["words"],
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=datetime.now(UTC),
        )
    except (NoSuchOrder, NotOfThisOrder) as error:
        raise Http404(reference) from error
    messages.success(request, "The note is in the timeline.")
    return redirect(back)


def _page_about(reference: str, about: str) -> str:
    """Return the page of the dispute or refund that a note is about, else of the order."""
    if about and is_dispute(about):
        return reverse("dispute", args=[about])
    if about and is_refund(about):
        return reverse("refund", args=[about])
    return reverse("order-detail", args=[reference])

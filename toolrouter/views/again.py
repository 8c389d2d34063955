"""The button that asks again, and the form that edits what is asked."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from kernel.liveness import database_now
from kernel.money import Money
from kernel.permissions import needs
from toolrouter.answers import Answer
from toolrouter.forms.purchases import EditPurchaseForm
from toolrouter.queries import call_by_reference, editable_words
from toolrouter.usecases.ask_again import CannotAskAgain, MayNotAskAgain, ask_again, ask_edited
from toolrouter.views.shared import FormPage, person
from toolrouter.vocabulary import Code, Status

ASKED = "Asked again. It is waiting for a decision."
THERE_ALREADY = "The same request is already open or done. Here it is."
TOO_MANY = "Too many requests of this run are waiting. Decide one of them first."
DENIED = "Not asked again: today's rules do not allow it."
EDITED = "Edited. The new request waits for a decision."


@needs("approvals.decide_outbound")
@require_POST
def ask_call_again(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask again what this call asked for; show the request that waits now, or why there is none."""
    if call_by_reference(reference) is None:
        raise Http404(reference)
    try:
        answer = ask_again(reference, person=person(request), now=database_now())
    except MayNotAskAgain as error:
        raise PermissionDenied(reference) from error
    except CannotAskAgain as reason:
        messages.warning(request, str(reason))
        return redirect("tool-call", reference)
    return _led_by(request, answer, reference=reference, said=ASKED)


@needs("approvals.decide_spend")
@never_cache
@require_http_methods(["GET", "POST"])
def edit_call(request: HttpRequest, reference: str) -> HttpResponse:
    """Edit what an agent asks to buy; the request that waits for it is replaced by a new one."""
    words = editable_words(reference)
    if words is None:
        raise Http404(reference)
    asked = Money(words["amount_minor"], words["currency"])
    initial = {**words, "amount": asked.decimal()}
    form = EditPurchaseForm(request.POST or None, initial=initial)
    page = FormPage(
        title="Edit what is to be bought",
        button="Replace the request",
        back=reverse("tool-call", args=[reference]),
        intro=f"A run asks to spend up to {asked}. Your version becomes a new request, which "
        "somebody then decides. This one is closed.",
        nav="approval-inbox",
    )
    if not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    try:
        answer = ask_edited(
            reference, changes=form.changes, person=person(request), now=database_now()
        )
    except CannotAskAgain as reason:
        form.add_error(None, str(reason))
        return page.show(request, form, status=409)
    return _led_by(request, answer, reference=reference, said=EDITED)


def _led_by(request: HttpRequest, answer: Answer, *, reference: str, said: str) -> HttpResponse:
    """Lead to what came of asking ``reference`` again, and say it."""
    if answer.action is None:
        messages.warning(request, TOO_MANY)
        return redirect("tool-call", reference)
    if answer.status == Status.DENIED:
        messages.warning(request, DENIED)
        return redirect("why-denied", answer.action)
    if Code.DUPLICATE in answer.codes:
        messages.info(request, THERE_ALREADY)
        return redirect("tool-call", answer.action)
    messages.success(request, said)
    return redirect("approval", answer.approval)

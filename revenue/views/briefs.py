"""A colleague answers for a buyer which company and question an order is about."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from fulfillment.operations import BriefTooLate
from fulfillment.queries import intake_of_order
from kernel.permissions import needs
from revenue.forms.briefs import BriefForm
from revenue.queries.briefs import brief_of_order
from revenue.queries.order_page import order_for_buyer
from revenue.usecases.answer_brief import answer_brief

TOO_LATE = "The work has begun with the first answer."


@needs("fulfillment.answer_brief")
@require_http_methods(["GET", "HEAD", "POST"])
def brief(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for the answer, filled in as far as it is known, and keep it until planning begins."""
    order = order_for_buyer(reference)
    if order is None:
        raise Http404(reference)
    asked = brief_of_order(order, intake_of_order(order.pk))
    if asked is None:
        messages.info(request, TOO_LATE)
        return redirect("order-detail", reference)
    form = BriefForm(request.POST or None, initial=asked.initial)
    if request.method == "POST" and form.is_valid():
        try:
            answer_brief(
                asked.run_ref, words=form.words(), by_id=request.user.pk, now=timezone.now()
            )
        except BriefTooLate:
            messages.info(request, TOO_LATE)
        else:
            messages.success(request, "Saved. Planning begins with it.")
        return redirect("run", asked.run_ref)
    context = {"nav": "order-list", "order": order, "form": form, "run_ref": asked.run_ref}
    return render(request, "revenue/brief.html", context)

"""Taking an alert off the list."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from kernel.doors import needs
from revenue.enums import AlertKind
from revenue.models import OperatorAlert
from revenue.usecases.close_alert import close_alert


@needs("revenue.review_order")
@require_POST
def close(request: HttpRequest, reference: str) -> HttpResponse:
    """Note that somebody has dealt with it."""
    try:
        close_alert(
            alert_ref=reference,
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=datetime.now(UTC),
        )
    except OperatorAlert.DoesNotExist as error:
        raise Http404(reference) from error
    kind = OperatorAlert.objects.values_list("kind", flat=True).get(reference=reference)
    messages.success(request, f"Done with: {AlertKind(kind).label}. That is recorded.")
    return redirect("alert-list" if request.POST.get("back") == "alert-list" else "dashboard")

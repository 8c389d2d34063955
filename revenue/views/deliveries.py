"""What a buyer bought, once it is released: to read, to download, and to complain about."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from fulfillment.queries import deliverables
from kernel.permissions import public
from revenue.usecases.say_wrong import say_wrong
from revenue.views.orders import closed, seen_order


@public
@never_cache
@require_safe
def snapshot(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the snapshot, by its very bytes, under a policy that lets it load nothing."""
    order = seen_order(request, reference)
    if order is None:
        return closed(request)
    delivery = deliverables.released_for_order(order.pk)
    page = deliverables.page_of_document(delivery.reference) if delivery else None
    if page is None:
        return redirect("order", reference=reference)
    response = HttpResponse(page.body)
    response["Content-Security-Policy"] = page.policy
    return response


@public
@never_cache
@require_safe
def snapshot_pdf(request: HttpRequest, reference: str) -> HttpResponse:
    """Download its PDF."""
    order = seen_order(request, reference)
    if order is None:
        return closed(request)
    delivery = deliverables.released_for_order(order.pk)
    body = deliverables.pdf_of_document(delivery.reference) if delivery else None
    if body is None:
        return redirect("order", reference=reference)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="snapshot-{order.reference}.pdf"'
    return response


@public
@require_POST
def snapshot_wrong(request: HttpRequest, reference: str) -> HttpResponse:
    """Have a person look at it again, once."""
    order = seen_order(request, reference)
    if order is None:
        return closed(request)
    say_wrong(order_id=order.pk, now=timezone.now())
    return redirect("order", reference=reference)

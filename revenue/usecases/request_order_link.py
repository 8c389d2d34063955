"""Send me my order link: written down at once, answered later, alike for all addresses."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.modes import Mode
from kernel.nudges import nudge_after_commit
from revenue.models import OrderLinkRequest
from revenue.operations.mails import queue_order_link
from revenue.queries.links import orders_of_address

BATCH_MAX = 100
WINDOW_MIN = 15  # one mail per order in each quarter of an hour, however often somebody asks


def request_order_link(*, email: str, now: datetime) -> None:
    """Write down that somebody asked for the links of ``email``.

    The same row for a known and an unknown address, so neither the answer nor its time tells.
    """
    with transaction.atomic(durable=True):
        OrderLinkRequest.objects.create(email=email, requested_at=now)
        nudge_after_commit("order_links.requested")


def answer_link_requests(*, mode: Mode, now: datetime) -> int:
    """Queue the links that were asked for, and forget who asked. Returns how many had asked."""
    with transaction.atomic(durable=True):
        waiting = OrderLinkRequest.objects.select_for_update(skip_locked=True).order_by("pk")
        requests = list(waiting[:BATCH_MAX])
        for request in requests:
            for order in orders_of_address(request.email, mode=mode):
                queue_order_link(order=order, window=_window(request.requested_at), now=now)
        OrderLinkRequest.objects.filter(pk__in=[request.pk for request in requests]).delete()
    return len(requests)


def _window(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H}:{at.minute // WINDOW_MIN * WINDOW_MIN:02}"

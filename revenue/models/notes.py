"""What the team writes down about an order."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models

from kernel.append_only import AppendOnly
from revenue.models.orders import Order

NOTE_CHARS_MAX: Final = 2_000


class OrderNote(AppendOnly):
    """A note about an order, or about one refund or dispute of it. The buyer never reads it."""

    ERASABLE = frozenset({"words"})

    order = models.ForeignKey(Order, models.PROTECT, related_name="notes")
    about = models.CharField(
        max_length=255, default="", blank=True, help_text="Stripe's id of the refund or dispute."
    )
    words = models.CharField(max_length=NOTE_CHARS_MAX)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"note about {self.order_id}"

"""How often offers were looked at: counters, and nothing about who looked."""

from __future__ import annotations

from datetime import date

from django.db import connection, models

from kernel.modes import mode_field
from revenue.models.offers import Offer


class OfferViews(models.Model):
    """How often one version of an offer was seen on one day (UTC), in one mode."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    mode = mode_field()
    day = models.DateField()
    times = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "offer views"
        constraints = [
            models.UniqueConstraint(
                fields=["mode", "day", "offer"], name="offer_views_once_per_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} on {self.day}: {self.times}"

    @classmethod
    def add(cls, *, offer_id: int, mode: str, day: date, times: int) -> None:
        """Add ``times`` to the counter, in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO revenue_offerviews AS known (offer_id, mode, day, times)"
                " VALUES (%s, %s, %s, %s) ON CONFLICT (mode, day, offer_id)"
                " DO UPDATE SET times = known.times + EXCLUDED.times",
                [offer_id, mode, day, times],
            )

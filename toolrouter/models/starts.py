"""Which start of the database was compared with the head of its ledger that is kept outside."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class DatabaseStart(models.Model):
    """The one row that says: since this start, the database is known to be no older than it was.

    It holds for one start of the server (``server_started_at``), and for the row as it was written:
    ``written_by`` is the transaction that wrote it, which Postgres keeps beside the row (``xmin``).
    Loaded from a backup, the row was written by another transaction than it says, so no restore
    brings a comparison back. ``head_outside`` is what it was compared with, "" where none was kept;
    ``is_shorter``: the database did not have that seal, and was held for it.
    """

    is_the_one = models.BooleanField(default=True, editable=False)
    server_started_at = models.DateTimeField(editable=False)
    written_by = models.BigIntegerField(editable=False)
    head_outside = models.CharField(max_length=64, blank=True, editable=False)
    is_shorter = models.BooleanField(editable=False)
    compared_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_the_one"], name="database_start_once"),
            models.CheckConstraint(condition=Q(is_the_one=True), name="database_start_one_row"),
        ]

    def __str__(self) -> str:
        return f"{self.server_started_at:%Y-%m-%d %H:%M:%S}"

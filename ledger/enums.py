"""The few words the ledger has of its own."""

from __future__ import annotations

from django.db import models


class EntryKind(models.TextChoices):
    """What sort of thing happened."""

    REVENUE = "revenue", "revenue"
    SPEND = "spend", "spend"
    TOOL = "tool", "tool"
    MODEL = "model", "model"
    APPROVAL = "approval", "approval"
    RUN = "run", "run"
    AUDIT = "audit", "audit"

"""The mode of a record: what kind of world its money lives in."""

from __future__ import annotations

from django.db import models


class Mode(models.TextChoices):
    """Set from the provider's own answer, immutable, and never mixed along a chain."""

    LIVE = "live", "live"
    TEST = "test", "test"
    SANDBOX = "sandbox", "sandbox"
    SAMPLE = "sample", "sample"


MODE_WORDS = {
    Mode.LIVE: "Live: real money moves.",
    Mode.TEST: "Test mode. No real money moves; Stripe treats every card as a test card.",
    Mode.SANDBOX: "Sandbox. No real money moves here; payments are made by a stand-in for "
    "Stripe on this machine.",
    Mode.SAMPLE: "Sample data. Nobody bought this; it was made up to show the pages.",
}


def mode_field() -> models.CharField[str, str]:
    """Return the one way a table says its mode. Pair it with ``kernel.schema.mode_steps``."""
    return models.CharField(max_length=8, choices=Mode.choices, editable=False)

"""The console's words."""

from __future__ import annotations

from django.db import models


class ErasureReason(models.TextChoices):
    """Why a person was erased; a code word, because the ledger has no room for a sentence."""

    ASKED = "asked", "the person asked for it"
    KEPT_LONG_ENOUGH = "kept_long_enough", "nothing needs it any more"
    MISTAKE = "mistake", "it should never have been kept"

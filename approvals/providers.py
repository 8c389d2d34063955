"""Which login proves a decision."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from approvals.ports import Proofs


def proofs() -> Proofs:
    """Return what ``DECISION_PROOFS`` names."""
    made: Proofs = import_string(settings.DECISION_PROOFS)()
    return made

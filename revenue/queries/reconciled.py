"""When our books were last compared with Stripe's, and what differed."""

from __future__ import annotations

from revenue.models import ReconcileRun


def newest_reconcile(*, mode: str) -> ReconcileRun | None:
    """Return the newest comparison in ``mode``, finished or not. One statement."""
    return ReconcileRun.objects.filter(mode=mode).order_by("-pk").first()

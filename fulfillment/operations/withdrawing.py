"""What waited for its release in a run that is over is not released any more."""

from __future__ import annotations

from datetime import datetime

from approvals import operations as approvals
from approvals.enums import Why
from fulfillment.enums import DeliverableState
from fulfillment.models import AcquisitionRun, Deliverable


def withdraw_in_review(run: AcquisitionRun, *, now: datetime) -> None:
    """Withdraw what is in review in a run that the caller holds, and close its request."""
    found = Deliverable.objects.select_for_update(no_key=True).filter(
        run=run, state=DeliverableState.IN_REVIEW
    )
    for deliverable in found:
        approvals.close_for(deliverable.reference, why=Why.STOPPED, now=now)
        deliverable.move(DeliverableState.WITHDRAWN, closed_at=now)

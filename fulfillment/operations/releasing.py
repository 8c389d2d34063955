"""A document waits for its release, is released, or comes back, in the caller's transaction."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from approvals import operations as approvals
from approvals.registry import Around
from fulfillment.enums import DeliverableState
from fulfillment.models import AcquisitionRun, Deliverable
from fulfillment.operations import progress
from fulfillment.registry import tell_released

KIND: Final = "release"
RULE: Final = "release"
POLICY: Final = "release-1"


class OtherBytes(Exception):
    """The stored document is not the one that is to be released."""


def ask_for_release(deliverable: Deliverable, run: AcquisitionRun, *, now: datetime) -> str:
    """Ask owners whether exactly these bytes may go out; return the request's reference."""
    opened = approvals.open_request(
        kind=KIND,
        rule=RULE,
        envelope=envelope_of(deliverable, run),
        around=Around(asks=run.reference),
        subject_ref=deliverable.reference,
        project_ref=run.project_ref,
        run_ref=run.reference,
        mode=run.mode,
        trace_ref=run.trace_ref,
        amount=None,
        policy_version=POLICY,
        now=now,
    )
    return opened.reference


def envelope_of(deliverable: Deliverable, run: AcquisitionRun) -> dict[str, str]:
    """Return what a release is bound to: the document, by the hashes of its very bytes."""
    return {
        "deliverable": deliverable.reference,
        "kind": deliverable.kind,
        "version": str(deliverable.number),
        "page": deliverable.page_sha256,
        "pdf": deliverable.pdf_sha256,
        "project": run.project_ref,
        "run": run.reference,
        "mode": run.mode,
    }


def release(deliverable: Deliverable, *, request_ref: str, now: datetime) -> None:
    """Let its reader have it; the run is over with it. The caller holds run and document.

    Raises OtherBytes, and IllegalMove where the run stands elsewhere (paused, frozen).
    """
    page, pdf = bytes(deliverable.page or b""), bytes(deliverable.pdf or b"")
    hashes = (hashlib.sha256(page).hexdigest(), hashlib.sha256(pdf).hexdigest())
    if hashes != (deliverable.page_sha256, deliverable.pdf_sha256):
        raise OtherBytes(deliverable.reference)
    deliverable.move(DeliverableState.RELEASED, closed_at=now)
    progress.released(deliverable.run, refs=[deliverable.reference, request_ref], now=now)
    intake = deliverable.run.intake
    if intake is not None:
        tell_released(order_id=intake.order_id, deliverable_ref=deliverable.reference, now=now)


def send_back(deliverable: Deliverable, *, now: datetime) -> None:
    """Have the agent work on it again. The caller holds run and document."""
    deliverable.move(DeliverableState.SENT_BACK, closed_at=now)
    progress.sent_back(deliverable.run, refs=[deliverable.reference], now=now)

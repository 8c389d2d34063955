"""A run at work, and a good snapshot of it: what tests of deliverables begin with."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from approvals.enums import Factor
from approvals.models import ApprovalRequest
from approvals.ports import Proof
from approvals.usecases.decide import approve, refuse
from fulfillment.models import AcquisitionRun, Deliverable
from fulfillment.operations import progress
from fulfillment.operations.deliverables import make_deliverable, write_section
from fulfillment.snapshots.sample import PAGES, SNAPSHOT
from fulfillment.snapshots.schema import SECTION_NAMES
from kernel.references import new_reference
from tests.approvals.asking import challenge
from tests.factories.fulfillment import a_source, planned_run
from tests.toolrouter.agents import database_now


def run_at_work(*, now: datetime | None = None) -> AcquisitionRun:
    """Return a run of a paid order whose plan was approved."""
    now = now or database_now()
    run = planned_run(now=now)
    with transaction.atomic():
        progress.brief_given(run, now=now)
        progress.plan_submitted(run, refs=[], now=now)
        progress.plan_approved(run, refs=[], now=now)
    run.refresh_from_db()
    return run


def contents_for(run: AcquisitionRun) -> dict[str, dict[str, Any]]:
    """Let ``run`` have read the sample's pages; return the sections that quote them."""
    words = json.dumps(SNAPSHOT.model_dump(mode="json"))
    for page in PAGES.values():
        source = a_source(
            run,
            text=page.text,
            title=page.title,
            final_url=page.url,
            published_on=page.published_on,
        )
        words = words.replace(page.reference, source.reference)
    read: dict[str, dict[str, Any]] = json.loads(words)
    return read


def write_all(run: AcquisitionRun) -> None:
    """Write each section of a good snapshot, as an agent's calls do."""
    with transaction.atomic():
        for name, content in contents_for(run).items():
            write_section(
                run,
                name=name,
                content=content,
                call_ref=new_reference("call"),
                now=database_now(),
            )
    assert len(SECTION_NAMES) == 4


def handed_in(run: AcquisitionRun | None = None) -> Deliverable:
    """Return a document that waits for its release."""
    run = run or run_at_work()
    write_all(run)
    now = database_now()
    with transaction.atomic():
        deliverable = make_deliverable(run, call_ref=new_reference("call"), now=now)
        progress.deliverable_submitted(run, refs=[deliverable.reference], now=now)
    return deliverable


def request_about(deliverable: Deliverable) -> ApprovalRequest:
    """Return the newest request to release it."""
    return ApprovalRequest.objects.filter(subject_ref=deliverable.reference).latest("pk")


def release(deliverable: Deliverable, by: User) -> ApprovalRequest:
    """Release it as ``by``, who proves who they are."""
    request, now = request_about(deliverable), database_now()
    return approve(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        step_up=challenge(request, by, now=now),
        proof=Proof(factor=Factor.CODE),
        now=now,
    )


def send_back(deliverable: Deliverable, by: User, *, reason: str = "Too long") -> None:
    """Send it back as ``by``, with a reason."""
    request = request_about(deliverable)
    refuse(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        reason=reason,
        tells_the_agent=True,
        now=database_now(),
    )

"""A visitor asks for a snapshot: that is a lead, or it looks like spam and waits for a person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm.models import TrappedRequest
from crm.operations.requests import SnapshotRequest as SnapshotRequest
from crm.operations.requests import file_request
from ledger import operations as ledger


@transaction.atomic(durable=True)
def request_snapshot(*, asked: SnapshotRequest, trace_ref: str, mode: str, now: datetime) -> str:
    """File one request as a lead and return the deal's reference, as ``file_request`` says."""
    return file_request(asked=asked, trace_ref=trace_ref, mode=mode, now=now)


@transaction.atomic(durable=True)
def keep_trapped(*, asked: SnapshotRequest, trace_ref: str, mode: str, now: datetime) -> None:
    """Keep a request that filled in what people do not see; nobody is told of it.

    At most TrappedRequest.KEPT_MAX are kept, for TrappedRequest.KEPT: the oldest give way.
    """
    TrappedRequest.keep(
        name=asked.name,
        email=asked.email,
        company=asked.company,
        website=asked.website,
        wish=asked.wish,
        trace_ref=trace_ref,
        mode=mode,
        now=now,
    )


@transaction.atomic(durable=True)
def rescue_trapped(reference: str, *, actor_id: int, now: datetime) -> str:
    """File a trapped request as the lead that it is, on a person's word; return the deal's ref.

    Who said so is audited. Raises TrappedRequest.DoesNotExist when it was rescued, is forgotten,
    or never was.
    """
    trapped = TrappedRequest.objects.select_for_update().get(reference=reference)
    deal_ref = file_request(
        asked=SnapshotRequest(
            name=trapped.name,
            email=trapped.email,
            company=trapped.company,
            website=trapped.website,
            wish=trapped.wish,
        ),
        trace_ref=trapped.trace_ref,
        mode=trapped.mode,
        now=now,
    )
    ledger.audit(
        actor_id=actor_id,
        event="lead.rescued",
        subject=deal_ref,
        mode=trapped.mode,
        key=f"lead.rescued:{trapped.reference}",
        now=now,
    )
    trapped.delete()
    return deal_ref


@transaction.atomic(durable=True)
def forget_trapped(*, now: datetime) -> int:
    """Delete the trapped requests that are older than TrappedRequest.KEPT; return how many."""
    return TrappedRequest.forget_old(now=now)

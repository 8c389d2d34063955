"""An operator answers a lead, once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm.enums import ActivityKind, DealStage
from crm.models import Activity, Deal
from crm.operations.moving import move_and_record


class AlreadyAnswered(Exception):
    """The deal is no lead any more: somebody accepted or declined it, or the buyer paid."""


@transaction.atomic(durable=True)
def accept_lead(*, deal_ref: str, actor_id: int, now: datetime) -> None:
    """Accept a lead: it is qualified now, and whoever accepted it owns it unless somebody does.

    Raises Deal.DoesNotExist, AlreadyAnswered.
    """
    deal = _lead(deal_ref)
    move_and_record(
        deal,
        to=DealStage.QUALIFIED,
        event="lead.accepted",
        actor_id=actor_id,
        now=now,
        owner_id=deal.owner_id or actor_id,
    )
    Activity.append(
        key=f"lead_accepted:{deal.reference}",
        kind=ActivityKind.LEAD_ACCEPTED,
        deal_id=deal.pk,
        actor_id=actor_id,
        now=now,
    )


@transaction.atomic(durable=True)
def decline_lead(*, deal_ref: str, reason: str, actor_id: int, now: datetime) -> None:
    """Decline a lead, saying why. The reason is words, and stays out of the ledger.

    Raises Deal.DoesNotExist, AlreadyAnswered; ValueError for an empty reason.
    """
    if not reason.strip():
        raise ValueError("a declined lead has a reason")
    deal = _lead(deal_ref)
    move_and_record(deal, to=DealStage.LOST, event="lead.declined", actor_id=actor_id, now=now)
    Activity.append(
        key=f"lead_declined:{deal.reference}",
        kind=ActivityKind.LEAD_DECLINED,
        deal_id=deal.pk,
        actor_id=actor_id,
        words=reason.strip(),
        now=now,
    )


def _lead(deal_ref: str) -> Deal:
    deal = Deal.objects.select_for_update(no_key=True).get(reference=deal_ref)
    if deal.stage != DealStage.LEAD:
        raise AlreadyAnswered(f"{deal_ref} is {deal.stage}")
    return deal

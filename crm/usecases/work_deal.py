"""What a person does with a deal by hand: note, hand over, move."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import get_user_model
from django.db import transaction

from crm.enums import MOVES_BY_HAND, ActivityKind, DealStage
from crm.models import Activity, Deal
from crm.operations.moving import move_and_record
from kernel.references import new_reference
from kernel.transitions import IllegalMove
from ledger import operations as ledger


class NotAnOwner(ValueError):
    """That person may not own deals (any more)."""


@transaction.atomic(durable=True)
def add_note(*, deal_ref: str, words: str, actor_id: int, now: datetime) -> None:
    """Write a note under a deal. Raises Deal.DoesNotExist; ValueError for an empty note."""
    if not words.strip():
        raise ValueError("a note has words")
    deal = Deal.objects.get(reference=deal_ref)
    Activity.append(
        key=f"note:{new_reference('act')}",
        kind=ActivityKind.NOTE,
        deal_id=deal.pk,
        actor_id=actor_id,
        words=words.strip(),
        now=now,
    )


@transaction.atomic(durable=True)
def assign_deal(*, deal_ref: str, owner_id: int, actor_id: int, now: datetime) -> bool:
    """Hand a deal to ``owner_id``; say whether that changed anything.

    Raises Deal.DoesNotExist, NotAnOwner.
    """
    people = get_user_model().objects.with_perm("crm.work_deal")
    if not people.filter(pk=owner_id).exists():
        raise NotAnOwner(f"user {owner_id}")
    deal = Deal.objects.select_for_update(no_key=True).get(reference=deal_ref)
    if deal.owner_id == owner_id:
        return False
    deal.owner_id = owner_id
    deal.save(update_fields=["owner"])
    Activity.append(
        key=f"assigned:{new_reference('act')}",
        kind=ActivityKind.OWNER_ASSIGNED,
        deal_id=deal.pk,
        actor_id=actor_id,
        refs={"owner": f"user_{owner_id}"},
        now=now,
    )
    ledger.audit(
        actor_id=actor_id,
        event="deal.assigned",
        subject=deal.reference,
        facts={"owner": f"user:{owner_id}"},
        mode=deal.mode,
        trace_ref=deal.trace_ref,
        now=now,
    )
    return True


@transaction.atomic(durable=True)
def move_deal(*, deal_ref: str, to: DealStage, reason: str, actor_id: int, now: datetime) -> None:
    """Move a deal by hand, along the moves that people may make.

    Raises Deal.DoesNotExist, IllegalMove.
    """
    deal = Deal.objects.select_for_update(no_key=True).get(reference=deal_ref)
    if to not in MOVES_BY_HAND[deal.stage]:
        raise IllegalMove(f"{deal_ref}: {deal.stage} -> {to} by hand")
    move_and_record(deal, to=to, event="deal.moved", actor_id=actor_id, now=now)
    Activity.append(
        key=f"moved:{new_reference('act')}",
        kind=ActivityKind.STAGE_MOVED,
        deal_id=deal.pk,
        refs={"stage": f"stage_{to}"},
        actor_id=actor_id,
        words=reason.strip(),
        now=now,
    )

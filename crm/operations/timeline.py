"""Lines of the timeline, and the moves that other apps' doings cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from crm.enums import ActivityKind, DealStage
from crm.models import Activity, Deal
from kernel.money import Money


def note(
    *,
    deal_id: int,
    kind: ActivityKind,
    refs: Mapping[str, str],
    amount: Money | None,
    actor_id: int | None,
    now: datetime,
    key: str,
) -> bool:
    """Append one line to a deal's timeline in one statement; say whether ``key`` was new.

    ``refs`` holds references only. Raises NotAReference for anything else.
    """
    return Activity.append(
        key=key, kind=kind, deal_id=deal_id, refs=refs, amount=amount, actor_id=actor_id, now=now
    )


def checkout_prepared(
    *,
    deal_id: int,
    checkout_ref: str,
    actor_id: int | None,
    now: datetime,
    offer_id: int | None = None,
    amount: Money | None = None,
    kind: ActivityKind = ActivityKind.CHECKOUT_PREPARED,
    run_ref: str = "",
) -> bool:
    """Note that a checkout or payment link waits for the buyer; say whether the deal moved.

    A qualified or proposed deal moves to checkout and takes the offer and its price; a deal that
    stands elsewhere (won meanwhile, still a lead) stays there. ``run_ref``: an agent's run prepared
    it. Repeating changes nothing.
    """
    deal = Deal.objects.select_for_update(no_key=True).get(pk=deal_id)
    is_moving = deal.stage in (DealStage.QUALIFIED, DealStage.PROPOSAL)
    is_new = Activity.append(
        key=f"{kind}:{checkout_ref}",
        kind=kind,
        deal_id=deal_id,
        refs={
            "link" if kind == ActivityKind.LINK_PREPARED else "checkout": checkout_ref,
            **({"run": run_ref} if run_ref else {}),
        },
        amount=amount,
        actor_id=actor_id,
        now=now,
    )
    if not (is_new and is_moving):
        return False
    worth = amount or deal.amount
    deal.move(
        DealStage.CHECKOUT,
        stage_since=now,
        offer_id=offer_id or deal.offer_id,
        amount_minor=worth.amount_minor if worth else None,
        currency=worth.currency if worth else None,
    )
    return True

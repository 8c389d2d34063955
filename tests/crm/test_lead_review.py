"""An operator answers a lead, once, and works a deal by hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction

from crm import operations
from crm.enums import DealStage
from crm.models import Activity, Deal
from crm.usecases.review_lead import AlreadyAnswered, accept_lead, decline_lead
from crm.usecases.work_deal import NotAnOwner, add_note, assign_deal, move_deal
from kernel.money import Money
from kernel.transitions import IllegalMove
from ledger.models import LedgerEntry
from tests.factories.crm import NOON, DealFactory
from tests.factories.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)


def member(role: str, name: str = "") -> User:
    name = name or role
    user = User.objects.create_user(username=name, email=f"{name}@trinity.localhost")
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def operator() -> User:
    return member("operator")


def checkout_prepared(**fields: Any) -> bool:
    with transaction.atomic():
        return operations.checkout_prepared(**fields)


def facts() -> list[tuple[str, dict[str, object]]]:
    return list(LedgerEntry.objects.order_by("pk").values_list("event", "facts"))


def test_accepting_qualifies_a_lead_and_takes_it_over(operator: User) -> None:
    deal = DealFactory()

    accept_lead(deal_ref=deal.reference, actor_id=operator.pk, now=NOON)

    deal.refresh_from_db()
    assert (deal.stage, deal.owner_id, deal.stage_since) == ("qualified", operator.pk, NOON)
    assert list(Activity.objects.values_list("kind", "actor")) == [("lead_accepted", operator.pk)]
    assert facts() == [
        ("lead.accepted",
         {"actor": f"user:{operator.pk}", "from_stage": "lead", "to_stage": "qualified"}),
    ]  # fmt: skip


def test_accepting_leaves_an_owner_in_place(operator: User) -> None:
    other = member("owner")
    deal = DealFactory(owner=other)

    accept_lead(deal_ref=deal.reference, actor_id=operator.pk, now=NOON)

    deal.refresh_from_db()
    assert deal.owner_id == other.pk


def test_declining_keeps_the_reason_in_the_timeline_only(operator: User) -> None:
    deal = DealFactory()

    decline_lead(deal_ref=deal.reference, reason=" Ada was rude. ", actor_id=operator.pk, now=NOON)

    deal.refresh_from_db()
    line, entry = Activity.objects.get(), LedgerEntry.objects.get()
    assert (deal.stage, line.kind, line.words) == ("lost", "lead_declined", "Ada was rude.")
    assert entry.facts == {
        "actor": f"user:{operator.pk}", "from_stage": "lead", "to_stage": "lost",
    }  # fmt: skip
    assert "Ada" not in str([entry.event, entry.subject, entry.refs, entry.facts, entry.key])


@pytest.mark.parametrize("stage", [stage for stage in DealStage if stage != DealStage.LEAD])
def test_only_a_lead_is_answered_and_only_once(operator: User, stage: DealStage) -> None:
    deal = DealFactory(stage=stage, won_order_ref="ord_1" if stage == "won" else None)
    fields = {"deal_ref": deal.reference, "actor_id": operator.pk, "now": NOON}

    with pytest.raises(AlreadyAnswered):
        accept_lead(**fields)
    with pytest.raises(AlreadyAnswered):
        decline_lead(**fields, reason="too late")

    deal.refresh_from_db()
    assert deal.stage == stage
    assert (Activity.objects.count(), LedgerEntry.objects.count()) == (0, 0)


def test_a_decline_without_a_reason_is_refused(operator: User) -> None:
    deal = DealFactory()

    with pytest.raises(ValueError, match="reason"):
        decline_lead(deal_ref=deal.reference, reason="  ", actor_id=operator.pk, now=NOON)

    assert Deal.objects.get().stage == "lead"


def test_notes_are_lines_of_their_own(operator: User) -> None:
    deal = DealFactory()
    for _ in range(2):
        add_note(deal_ref=deal.reference, words="Called.", actor_id=operator.pk, now=NOON)

    assert list(Activity.objects.values_list("words", flat=True)) == ["Called.", "Called."]
    assert not LedgerEntry.objects.exists()


def test_a_deal_is_handed_to_those_who_work_deals(operator: User) -> None:
    deal, auditor = DealFactory(), member("auditor")
    gone = member("operator", "gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    fields = {"deal_ref": deal.reference, "actor_id": operator.pk, "now": NOON}

    assert assign_deal(owner_id=operator.pk, **fields) is True
    assert assign_deal(owner_id=operator.pk, **fields) is False
    for nobody in (auditor.pk, gone.pk, 10_000):
        with pytest.raises(NotAnOwner):
            assign_deal(owner_id=nobody, **fields)

    deal.refresh_from_db()
    assert deal.owner_id == operator.pk
    assert facts() == [
        ("deal.assigned", {"actor": f"user:{operator.pk}", "owner": f"user:{operator.pk}"})
    ]


@pytest.mark.parametrize(
    ("stage", "to"),
    [
        ("qualified", "proposal"),
        ("checkout", "proposal"),
        ("proposal", "lost"),
        ("lost", "qualified"),
    ],
)
def test_people_move_deals(operator: User, stage: str, to: str) -> None:
    deal = DealFactory(stage=stage)

    move_deal(
        deal_ref=deal.reference, to=DealStage(to), reason="so", actor_id=operator.pk, now=NOON
    )

    assert Deal.objects.get().stage == to
    assert Activity.objects.get().words == "so"
    page = client_of(operator).get(f"/console/deals/{deal.reference}/").content.decode()
    assert f"Stage changed: to {to}" in page
    assert "stage_" not in page


@pytest.mark.parametrize(
    ("stage", "to"),
    [
        ("lead", "qualified"),
        ("lead", "lost"),
        ("checkout", "won"),
        ("won", "lost"),
        ("lost", "won"),
    ],
)
def test_people_do_not_move_what_money_or_a_review_decides(
    operator: User, stage: str, to: str
) -> None:
    deal = DealFactory(stage=stage, won_order_ref="ord_1" if stage == "won" else None)

    with pytest.raises(IllegalMove):
        move_deal(
            deal_ref=deal.reference, to=DealStage(to), reason="", actor_id=operator.pk, now=NOON
        )

    assert Deal.objects.get().stage == stage
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    ("stage", "after", "is_moved"),
    [
        ("qualified", "checkout", True),
        ("proposal", "checkout", True),
        ("checkout", "checkout", False),
        ("lead", "lead", False),
        ("won", "won", False),
        ("lost", "lost", False),
    ],
)
def test_where_a_prepared_checkout_moves_a_deal(
    offer_ids: tuple[int, int], stage: str, after: str, is_moved: bool
) -> None:
    deal = DealFactory(stage=stage, won_order_ref="ord_1" if stage == "won" else None)
    fields = {
        "deal_id": deal.pk, "checkout_ref": "chk_7", "actor_id": None, "now": NOON,
        "offer_id": offer_ids[0], "amount": Money(100, "USD"),
    }  # fmt: skip

    assert checkout_prepared(**fields) is is_moved
    assert checkout_prepared(**fields) is False

    deal.refresh_from_db()
    assert deal.stage == after
    assert (deal.offer_id, deal.amount) == (
        (offer_ids[0], Money(100, "USD")) if is_moved else (None, None)
    )
    assert Activity.objects.count() == 1


def test_a_checkout_prepared_twice_does_not_pull_a_deal_back() -> None:
    deal = DealFactory(stage="qualified")
    fields = {"deal_id": deal.pk, "checkout_ref": "chk_7", "actor_id": None, "now": NOON}
    checkout_prepared(**fields)
    Deal.objects.get().move(DealStage.PROPOSAL)

    assert checkout_prepared(**fields) is False
    assert Deal.objects.get().stage == "proposal"

"""Who approves a spend: owners, two where an owner set it, and nobody who just raised its cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from approvals.models import ApprovalRequest
from approvals.operations.locking import MayNotDecide
from approvals.registry import CannotApprove
from kernel.money import Money
from tests.factories.people import client_of, make_person
from tests.toolrouter.agents import database_now
from tests.toolrouter.spending.buying import (
    HOLD,
    NOBODY,
    Buyer,
    call_of,
    findings,
    reservation_of,
)
from toolrouter.approval_rules import people_needed, rules
from toolrouter.enums import CallState, CapScope
from toolrouter.exchanges.approved import run_approved
from toolrouter.operations.changes import By
from toolrouter.queries.account import account_settings
from toolrouter.usecases.change_safety import change_account_settings
from toolrouter.vocabulary import Code

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_owner() -> User:
    return make_person("owner")


def set_account(**changed: object) -> None:
    wanted = replace(account_settings(), **changed)  # type: ignore[arg-type]  # a test's own words
    change_account_settings(wanted=wanted, by=NOBODY, now=database_now())


def request_of(reference: str | None) -> ApprovalRequest:
    return ApprovalRequest.objects.get(reference=reference)


def test_an_operator_approves_no_spend(buyer: Buyer) -> None:
    buyer.caps()
    answer = buyer.ask(1_00)

    with pytest.raises(MayNotDecide):
        buyer.approve(answer, by=make_person("operator"))


def test_where_no_owner_is_left_nobody_is_asked(buyer: Buyer, owner: User) -> None:
    buyer.caps()
    owner.groups.clear()

    assert buyer.ask(1_00).codes == (Code.NO_APPROVER,)


def test_real_money_waits_a_minute_after_the_last_decision_and_play_money_five_seconds() -> None:
    holds = {rule.name: rule.hold.total_seconds() for rule in rules() if "spend" in rule.name}

    assert holds == {"spend": 5, "spend_live": 60, "spend_two": 5, "spend_two_live": 60}


@pytest.mark.parametrize(
    ("ceiling", "needed"),
    [
        (Money(49_99, "USD"), 1),
        (Money(50_00, "USD"), 2),
        (Money(1, "EUR"), 2),  # nothing is converted
    ],
)
def test_from_an_amount_on_and_in_any_other_currency_two_people_decide(
    ceiling: Money, needed: int
) -> None:
    assert people_needed(ceiling, two_from=Money(50_00, "USD")) == needed
    assert people_needed(ceiling, two_from=None) == 1


def test_the_second_of_two_approvals_reserves_the_money(
    buyer: Buyer, owner: User, other_owner: User
) -> None:
    set_account(two_people_from=Money(50_00, "USD"))
    buyer.caps()
    answer = buyer.ask(50_00)

    buyer.approve(answer, by=owner)
    assert reservation_of(answer) is None
    buyer.approve(answer, by=other_owner)

    assert reservation_of(answer) is not None
    assert run_approved(clock=lambda: database_now() + HOLD) == 1
    assert findings() == []


def test_where_two_are_needed_and_there_is_one_nobody_is_asked(buyer: Buyer) -> None:
    set_account(two_people_from=Money(50_00, "USD"))
    buyer.caps()

    assert buyer.ask(50_00).codes == (Code.NO_APPROVER,)


@pytest.mark.usefixtures("other_owner")
def test_what_needs_two_since_it_was_asked_is_approved_by_nobody(buyer: Buyer) -> None:
    buyer.caps()
    answer = buyer.ask(50_00)
    set_account(two_people_from=Money(50_00, "USD"))

    with pytest.raises(CannotApprove):
        buyer.approve(answer)

    assert request_of(answer.approval).decisions.count() == 0


@pytest.mark.usefixtures("other_owner")
def test_what_needs_two_since_one_approved_it_is_denied_at_the_claim(buyer: Buyer) -> None:
    buyer.caps()
    answer = buyer.approved(50_00)
    set_account(two_people_from=Money(50_00, "USD"))

    assert run_approved(clock=lambda: database_now() + HOLD) == 0
    assert (call_of(answer).state, call_of(answer).codes) == (CallState.DENIED, ["no_approver"])
    assert findings() == []


@pytest.mark.parametrize("scope", [CapScope.ACCOUNT, CapScope.PROJECT, CapScope.RUN])
def test_who_raised_a_cap_approves_nothing_under_it_for_24_hours(
    buyer: Buyer, owner: User, other_owner: User, scope: CapScope
) -> None:
    set_account(cap_raiser_waits=True)
    buyer.caps()
    now = database_now()
    raised = By(actor_id=owner.pk, reason="More.")
    buyer.cap(scope, 2_000_00, by=raised, now=now - timedelta(hours=23, minutes=59))
    answer = buyer.ask(1_00)

    with pytest.raises(CannotApprove, match="You raised a cap of this spend less than 24 hours"):
        buyer.approve(answer, by=owner)
    assert request_of(answer.approval).decisions.count() == 0
    page = client_of(owner).get(f"/console/approvals/{answer.approval}/").content.decode()
    assert "You raised a cap of this spend less than 24 hours ago" in page
    assert "/approve/" not in page

    buyer.approve(answer, by=other_owner)
    assert call_of(answer).state == CallState.APPROVED


def test_an_approval_of_who_raises_its_cap_before_the_claim_is_none(
    buyer: Buyer, owner: User
) -> None:
    set_account(cap_raiser_waits=True)
    buyer.caps()
    answer = buyer.approved(1_00)
    buyer.cap(CapScope.RUN, 2_000_00, by=By(actor_id=owner.pk, reason="More."))

    assert run_approved(clock=lambda: database_now() + HOLD) == 0
    assert (call_of(answer).state, call_of(answer).codes) == (CallState.DENIED, ["no_approver"])
    assert findings() == []


def test_who_raised_a_cap_a_day_ago_or_lowered_one_approves(buyer: Buyer, owner: User) -> None:
    set_account(cap_raiser_waits=True)
    buyer.caps()
    now, by = database_now(), By(actor_id=owner.pk, reason="x")
    buyer.cap(CapScope.RUN, 2_000_00, by=by, now=now - timedelta(hours=24))
    buyer.cap(CapScope.RUN, 500_00, by=by, now=now)

    assert call_of(buyer.approved(1_00)).state == CallState.APPROVED


def test_unless_an_owner_set_it_whoever_raised_a_cap_may_approve(buyer: Buyer, owner: User) -> None:
    buyer.caps()
    buyer.cap(CapScope.RUN, 2_000_00, by=By(actor_id=owner.pk, reason="More."))

    assert call_of(buyer.approved(1_00)).state == CallState.APPROVED

"""Money is set aside by the last decision, and given back by whatever ends the call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from approvals.models import ApprovalRequest
from approvals.registry import CannotApprove
from approvals.usecases.decide import refuse
from approvals.usecases.expire_due import expire_due
from approvals.usecases.revoke import revoke
from kernel.money import Money
from tests.toolrouter.agents import database_now
from tests.toolrouter.spending.buying import (
    HOLD,
    NOBODY,
    Buyer,
    Buying,
    call_of,
    findings,
    reservation_of,
)
from toolrouter.answers import Answer
from toolrouter.enums import CallState, CapScope, ReservationState, Scope
from toolrouter.exchanges.approved import run_approved
from toolrouter.exchanges.lost import look_for
from toolrouter.models import Incident, Reservation
from toolrouter.operations.reserving import settle
from toolrouter.timing import ABSENT_FOR, CALL_DEADLINE
from toolrouter.usecases.stop import stop
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db


def test_nothing_is_reserved_before_the_last_decision(buyer: Buyer) -> None:
    buyer.caps(run=10_00)

    asked = [buyer.ask(10_00), buyer.ask(10_00)]

    assert {answer.status for answer in asked} == {Status.NEEDS_APPROVAL}
    assert not Reservation.objects.exists()


def test_the_last_decision_reserves_all_that_it_can_cost(buyer: Buyer) -> None:
    buyer.caps(run=10_00)
    answer = buyer.ask(4_00)
    buyer.approve(answer)

    held = reservation_of(answer)

    assert held is not None
    assert (held.state, held.ceiling) == (ReservationState.OPEN, Money(4_00, "USD"))
    assert buyer.ask(6_01).codes == (Code.OVER_CAP,)
    assert buyer.ask(6_00).status == Status.NEEDS_APPROVAL
    assert findings() == []


def test_who_decides_when_the_money_is_gone_is_told_how_much_is_missing(buyer: Buyer) -> None:
    buyer.caps(run=10_00)
    first, second = buyer.ask(6_00), buyer.ask(6_00)
    buyer.approve(first)

    with pytest.raises(CannotApprove) as told:
        buyer.approve(second)

    assert str(told.value) == (
        "$2.00 USD is missing under the cap “Run”, which has $4.00 USD left."
    )
    request = ApprovalRequest.objects.get(reference=second.approval)
    assert (request.state, request.decisions.count()) == ("pending", 0)
    assert reservation_of(second) is None
    assert call_of(second).state == CallState.NEEDS_APPROVAL


def test_a_request_whose_money_comes_back_can_still_be_approved(buyer: Buyer) -> None:
    buyer.caps(run=10_00)
    first, second = buyer.ask(6_00), buyer.ask(6_00)
    buyer.approve(first)
    with pytest.raises(CannotApprove):
        buyer.approve(second)
    revoke(first.approval or "", person=buyer.owner, reason="", now=database_now())

    buyer.approve(second)

    assert call_of(second).state == CallState.APPROVED


def revoked(buyer: Buyer, answer: Answer) -> None:
    revoke(answer.approval or "", person=buyer.owner, reason="", now=database_now())


def expired(_buyer: Buyer, _answer: Answer) -> None:
    assert expire_due(now=database_now() + timedelta(hours=2)) == 1


def stopped(buyer: Buyer, _answer: Answer) -> None:
    stop(scope=Scope.RUN, ref=buyer.agent.run_ref, by=NOBODY, now=database_now())


def denied_at_the_claim(buyer: Buyer, _answer: Answer) -> None:
    buyer.cap(CapScope.RUN, 3_99)
    assert run_approved(clock=lambda: database_now() + HOLD) == 0


def refused_by_the_provider(_buyer: Buyer, _answer: Answer) -> None:
    Buying.refuses = True
    assert run_approved(clock=lambda: database_now() + HOLD) == 1


def absent_twice(_buyer: Buyer, answer: Answer) -> None:
    Buying.hangs = True
    begun = database_now() + HOLD
    assert run_approved(clock=lambda: begun) == 1
    first = begun + CALL_DEADLINE + ABSENT_FOR
    for moment in (first, first + ABSENT_FOR):
        look_for(answer.action or "", clock=lambda moment=moment: moment)


ENDS = [
    (revoked, CallState.DENIED),
    (expired, CallState.DENIED),
    (stopped, CallState.DENIED),
    (denied_at_the_claim, CallState.DENIED),
    (refused_by_the_provider, CallState.FAILED),
    (absent_twice, CallState.FAILED),
]


@pytest.mark.parametrize(("end", "state"), ENDS, ids=[end.__name__ for end, _ in ENDS])
def test_whatever_ends_a_call_gives_its_money_back_in_the_same_commit(
    buyer: Buyer, end: Callable[[Buyer, Answer], None], state: CallState
) -> None:
    buyer.caps(run=10_00)
    answer = buyer.approved(4_00)

    end(buyer, answer)

    call, held = call_of(answer), reservation_of(answer)
    assert held is not None
    assert (call.state, held.state) == (state, ReservationState.RELEASED)
    assert held.closed_at == call.closed_at
    assert findings() == []


def test_who_refuses_before_the_last_decision_has_nothing_to_give_back(buyer: Buyer) -> None:
    buyer.caps()
    answer = buyer.ask(4_00)
    request = ApprovalRequest.objects.get(reference=answer.approval)

    refuse(
        request.reference,
        person=buyer.owner,
        shown_digest=request.shown_digest,
        reason="",
        tells_the_agent=False,
        now=database_now(),
    )

    assert (call_of(answer).state, reservation_of(answer)) == (CallState.DENIED, None)
    assert findings() == []


def test_what_is_unknown_keeps_its_money_whatever_its_age(buyer: Buyer) -> None:
    buyer.caps(run=10_00)
    answer = buyer.approved(10_00)
    Buying.hangs = True
    run_approved(clock=lambda: database_now() + HOLD)

    held = reservation_of(answer)

    assert call_of(answer).state == CallState.UNKNOWN
    assert held is not None
    assert held.state == ReservationState.OPEN
    assert buyer.ask(1).codes == (Code.OVER_CAP,)
    assert findings() == []


def test_its_own_reservation_is_not_counted_against_it_at_the_claim(buyer: Buyer) -> None:
    buyer.caps(account=10_00, project=10_00, run=10_00)
    answer = buyer.approved(10_00)

    assert run_approved(clock=lambda: database_now() + HOLD) == 1
    assert call_of(answer).state == CallState.DONE
    assert findings() == []


def test_what_is_captured_is_booked_and_the_rest_is_free(buyer: Buyer) -> None:
    buyer.caps(run=49_00)
    answer = buyer.approved(49_00)
    run_approved(clock=lambda: database_now() + HOLD)
    now = database_now()

    settle(answer.action or "", captured=Money(30_00, "USD"), at=now, now=now)

    held = reservation_of(answer)
    assert held is not None
    assert held.state == ReservationState.SETTLED
    assert [taken.amount for taken in held.captures.all()] == [Money(30_00, "USD")]
    assert (buyer.ask(19_01).codes, buyer.ask(19_00).codes) == ((Code.OVER_CAP,), ())
    assert not Incident.objects.exists()
    assert findings() == []

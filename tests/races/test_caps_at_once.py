"""Many decide about the same money at once: never a cent over a cap, at any instant."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from approvals.operations.locking import TooLate
from approvals.registry import CannotApprove
from approvals.usecases.revoke import revoke
from kernel.money import Money
from tests.factories.people import make_person
from tests.races.test_one_payment_many_entry_points import together
from tests.toolrouter.agents import database_now
from tests.toolrouter.spending.buying import HOLD, NOBODY, Buyer, a_buyer, findings
from tests.toolrouter.spending.conftest import _can_buy
from toolrouter.answers import Answer
from toolrouter.enums import CallState, CapScope, Scope
from toolrouter.exchanges.approved import run_approved
from toolrouter.models import Reservation, SpendCap, ToolCall
from toolrouter.operations.reserving import settle
from toolrouter.queries.headroom import counted_minor
from toolrouter.usecases.stop import stop

__all__ = ["_can_buy"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]


@pytest.fixture
def buyer() -> Buyer:
    return a_buyer(make_person("owner"))


def tried(buyer: Buyer, answer: Answer) -> Callable[[], str]:
    """Approve, and say what came of it: nothing, or what is missing."""

    def approve() -> str:
        try:
            buyer.approve(answer)
        except (CannotApprove, TooLate) as reason:
            return str(reason)
        return ""

    return approve


class Watch:
    """Looks all the while whether more than its limit is taken of a cap."""

    def __init__(self, cap: SpendCap) -> None:
        self.cap, self.most, self.looks = cap, 0, 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        with closing(connection):
            while not self._is_over.is_set() or not self.looks:
                counted = counted_minor([self.cap.pk], now=database_now())[self.cap.pk]
                self.most, self.looks = max(self.most, counted), self.looks + 1


@pytest.mark.parametrize(("each", "fit"), [(1_00, 0), (5, 2)])
def test_beside_9_90_of_10_00_five_at_once_of_1_00_are_none_and_of_0_05_exactly_two(
    buyer: Buyer, each: int, fit: int
) -> None:
    buyer.caps(run=10_00)
    requests = [buyer.ask(each) for _ in range(5)]
    first, now = buyer.approved(9_90), database_now()
    run_approved(clock=lambda: now + HOLD)
    with transaction.atomic():
        settle(first.action or "", captured=Money(9_90, "USD"), at=now, now=now)

    with Watch(SpendCap.objects.get(scope=CapScope.RUN)) as watch:
        said = together(*[tried(buyer, request) for request in requests])

    assert said.count("") == fit
    assert watch.most == 9_90 + fit * each
    assert Reservation.objects.filter(state="open").count() == fit
    assert findings() == []


def test_of_eight_at_once_of_10_00_under_60_00_six_are_approved_and_two_told_what_is_missing(
    buyer: Buyer,
) -> None:
    buyer.caps(run=60_00)
    requests = [buyer.ask(10_00) for _ in range(8)]

    with Watch(SpendCap.objects.get(scope=CapScope.RUN)) as watch:
        said = together(*[tried(buyer, request) for request in requests])

    missing = "$10.00 USD is missing under the cap “Run”, which has $0.00 USD left."
    assert Counter(said) == {"": 6, missing: 2}
    assert watch.most <= 60_00
    assert sum(Reservation.objects.values_list("ceiling_minor", flat=True)) == 60_00
    assert findings() == []


def test_runs_of_one_account_never_take_more_together_than_its_cap(buyer: Buyer) -> None:
    buyers = [buyer, *[a_buyer(buyer.owner) for _ in range(3)]]
    for each in buyers:
        each.caps()
    account = buyer.cap(CapScope.ACCOUNT, 50_00)
    requests = [(each, each.ask(10_00)) for each in buyers for _ in range(2)]

    with Watch(account) as watch:
        said = together(*[tried(each, request) for each, request in requests])

    assert said.count("") == 5
    assert watch.most <= 50_00


def test_a_cap_that_is_lowered_meanwhile_lets_no_more_be_done_than_it_says(buyer: Buyer) -> None:
    buyer.caps(run=60_00)
    requests = [buyer.ask(10_00) for _ in range(6)]

    together(
        *[tried(buyer, request) for request in requests],
        lambda: buyer.cap(CapScope.RUN, 25_00),
    )
    moment = database_now() + HOLD
    together(*[lambda: run_approved(clock=lambda: moment)] * 4)

    done = ToolCall.objects.filter(state=CallState.DONE)
    assert sum(done.values_list("amount_minor", flat=True)) <= 25_00
    assert not ToolCall.objects.filter(state=CallState.APPROVED).exists()
    assert findings() == []


def test_deciding_claiming_revoking_changing_and_stopping_at_once_wait_for_each_other_in_one_order(
    buyer: Buyer,
) -> None:
    buyers = [buyer, a_buyer(buyer.owner)]
    for each in buyers:
        each.caps()
    requests = [(each, each.ask(1_00)) for each in buyers for _ in range(6)]
    moment = database_now() + HOLD

    def take_back(answer: Answer, by: User) -> Callable[[], Any]:
        def revoked() -> None:
            with suppress(TooLate):
                revoke(answer.approval or "", person=by, reason="", now=database_now())

        return revoked

    together(
        *[tried(each, request) for each, request in requests],
        *[lambda: run_approved(clock=lambda: moment)] * 4,
        *[take_back(request, each.owner) for each, request in requests[:4]],
        *[lambda each=each: each.cap(CapScope.RUN, 500_00) for each in buyers],  # type: ignore[misc]  # a lambda's default
        lambda: buyer.cap(CapScope.ACCOUNT, 400_00),
        lambda: stop(scope=Scope.ACCOUNT, ref="", by=NOBODY, now=database_now()),
    )

    open_ones = Reservation.objects.filter(state="open")
    assert {held.call.state for held in open_ones} <= {CallState.DONE}
    assert findings() == []

"""Reserve, capture, settle, release in whatever order: rows say what plain arithmetic says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from approvals.registry import CannotApprove
from approvals.usecases.revoke import revoke
from kernel.money import Money
from tests.toolrouter.agents import database_now
from tests.toolrouter.spending.buying import Buyer, findings
from toolrouter import caps
from toolrouter.answers import Answer
from toolrouter.enums import CapScope, CapWindow, Family
from toolrouter.operations.reserving import capture, release, settle
from toolrouter.queries.headroom import Spend, counted_minor, counted_of_run_minor
from toolrouter.vocabulary import Status

pytestmark = pytest.mark.django_db
MINOR = st.integers(min_value=1, max_value=12_00)
PARTS = st.integers(min_value=0, max_value=100)  # per cent of what is reserved
AGES = st.sampled_from([timedelta(), timedelta(hours=25), timedelta(days=31)])


class Spending(RuleBasedStateMachine):
    """A run under a cap for each window, beside a model that only adds and subtracts."""

    buyer: Buyer
    waiting: Bundle[Any] = Bundle("waiting")
    reserved: Bundle[Any] = Bundle("reserved")

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.buyer.caps()
        self.limits = dict.fromkeys(CapWindow, 20_00)
        self.caps = {
            window: self.buyer.cap(CapScope.RUN, limit, window=window)
            for window, limit in self.limits.items()
        }
        self.spends: dict[str, caps.Spend] = {}

    def teardown(self) -> None:
        assert findings() == []
        transaction.savepoint_rollback(self.savepoint)

    def room(self) -> int:
        return min(limit - self.counted(window) for window, limit in self.limits.items())

    def counted(self, window: CapWindow) -> int:
        spends, now = self.spends.values(), database_now()
        return caps.counted_minor(spends, window=caps.Window(window), now=now)

    @rule(target=waiting, minor=MINOR)
    def ask(self, minor: int) -> Any:
        answer = self.buyer.ask(minor)
        assert (answer.status == Status.NEEDS_APPROVAL) == (minor <= self.room())
        return answer if answer.approval else multiple()

    @rule(target=reserved, answer=consumes(waiting))
    def approve(self, answer: Answer) -> Any:
        room = self.room()
        try:
            self.buyer.approve(answer)
        except CannotApprove:
            return multiple()
        spend = self.spends[str(answer.action)] = caps.Spend(
            ref=str(answer.action), reserved_minor=self.buyer.asked_minor[str(answer.action)]
        )
        assert spend.reserved_minor <= room
        return answer

    @rule(answer=consumes(reserved))
    def revoke(self, answer: Answer) -> None:
        revoke(str(answer.approval), person=self.buyer.owner, reason="", now=database_now())
        self.close(answer)

    @rule(answer=reserved, part=PARTS, age=AGES)
    def capture(self, answer: Answer, part: int, age: timedelta) -> None:
        captured = self.take(answer, part, age, settles=False)
        spend = self.spends[str(answer.action)]
        left = spend.reserved_minor - captured
        self.spends[spend.ref] = replace(spend, reserved_minor=left)

    @rule(answer=consumes(reserved), part=PARTS, age=AGES)
    def settle(self, answer: Answer, part: int, age: timedelta) -> None:
        self.take(answer, part, age, settles=True)
        self.close(answer)

    @rule(answer=consumes(reserved))
    def release(self, answer: Answer) -> None:
        assert release(str(answer.action), now=database_now())
        self.close(answer)

    @rule(window=st.sampled_from(list(CapWindow)), limit=st.integers(0, 30_00))
    def change_the_cap(self, window: CapWindow, limit: int) -> None:
        self.buyer.cap(CapScope.RUN, limit, window=window)
        self.limits[window] = limit

    def take(self, answer: Answer, part: int, age: timedelta, *, settles: bool) -> int:
        spend, now = self.spends[str(answer.action)], database_now()
        taken = caps.Capture(amount_minor=spend.reserved_minor * part // 100, at=now - age)
        self.spends[spend.ref] = replace(spend, captures=(*spend.captures, taken))
        book = settle if settles else capture
        book(spend.ref, captured=Money(taken.amount_minor, "USD"), at=taken.at, now=now)
        return taken.amount_minor

    def close(self, answer: Answer) -> None:
        spend = self.spends[str(answer.action)]
        self.spends[spend.ref] = replace(spend, reserved_minor=0)

    @invariant()
    def rows_say_what_arithmetic_says(self) -> None:
        rows = counted_minor([cap.pk for cap in self.caps.values()], now=database_now())
        said = {window: rows[cap.pk] for window, cap in self.caps.items()}
        assert said == {window: self.counted(window) for window in CapWindow}
        run = self.buyer.agent
        spend = Spend(
            family=Family.PURCHASE,
            currency="USD",
            mode=run.deal.mode,
            project_ref=self.buyer.project_ref,
            run_ref=run.run_ref,
        )
        assert counted_of_run_minor(spend) == said[CapWindow.LIFETIME]


def test_rows_and_arithmetic_agree_in_any_order(buyer: Buyer, settings: Any) -> None:
    settings.RUN_WAITING_MAX = settings.RUN_PROPOSALS_PER_MINUTE_MAX = 10_000
    settings.RUN_CALLS_PER_MINUTE_MAX = 10_000
    run_state_machine_as_test(
        type("OfBuyer", (Spending,), {"buyer": buyer}),
        settings=BOUNDED,
    )


BOUNDED = settings(
    max_examples=8,
    stateful_step_count=12,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

"""One agent's question, everybody who may do something about it, and what must hold afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from approvals.models import ApprovalRequest
from approvals.operations.locking import MayNotDecide, TooLate
from approvals.registry import CannotApprove
from approvals.usecases.expire_due import expire_due
from approvals.usecases.revoke import revoke
from console.enums import ErasureReason
from console.usecases.erase_subject import erase_subject
from crm.enums import DealStage
from ledger.queries.verification import verify
from revenue.models import Offer
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.factories.toolrouter import prove_stripe
from tests.races import interleaving
from tests.races.interleaving import Side, interleave, points
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.toolrouter.approving.deciding import (
    approve,
    ask_for_link,
    at,
    at_stripe,
    findings,
    refuse,
    request_of,
)
from toolrouter.answers import Answer
from toolrouter.enums import CallState, IncidentKind, Scope
from toolrouter.exchanges.approved import carry_out
from toolrouter.models import ToolCall
from toolrouter.operations.changes import By
from toolrouter.operations.grants import freeze_grant
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import open_incident
from trinity.people.usecases.change_role import change_role

NOBODY: Final = By(actor_id=None, reason="x")
TOLD: Final = (TooLate, MayNotDecide, CannotApprove)  # what whoever lost is told
# Where a request may stand, and its call with it, when nobody is about it any more.
STAND_TOGETHER: Final = {
    ("pending", "needs_approval"),
    ("approved", "approved"),
    ("consumed", "done"),
    ("consumed", "failed"),
    *((closed, "denied") for closed in ("refused", "expired", "revoked")),
}
# Nothing is sealed here, and the agents' grants, of which some are frozen, are of no bought run.
NOT_MEANT: Final = {"unsealed", "grant_without_run"}
Make: TypeAlias = "Callable[[], Case]"
AT_ONCE: Final = 8
ROUNDS: Final = 5


@pytest.fixture
def seed(record_property: Callable[[str, object], None]) -> None:
    record_property("race seed (replay with RACE_SEED)", interleaving.SEED)


@pytest.fixture
def offer() -> Offer:
    return OfferFactory()


@dataclass(slots=True, kw_only=True)
class Case:
    """One agent's question, those who may answer it, and the moment at which it may run."""

    agent: Agent
    answer: Answer
    operator: User
    second: User
    owner: User
    ends_at: datetime  # of the question, or of what was granted
    runs_at: datetime | None = None

    @property
    def call_ref(self) -> str:
        return self.answer.action or ""

    @property
    def request(self) -> ApprovalRequest:
        return request_of(self.answer)

    @property
    def call(self) -> ToolCall:
        return ToolCall.objects.get(reference=self.call_ref)

    # What the sides do.

    def approve(self) -> datetime:
        return approve(self.answer, self.operator)

    def approve_in_the_last_moment(self) -> datetime:
        return approve(self.answer, self.operator, now=self.ends_at - timedelta(microseconds=1))

    def approve_too(self) -> datetime:
        return approve(self.answer, self.second)

    def refuse(self) -> None:
        refuse(self.answer, self.owner, reason="No.")

    def refuse_too(self) -> None:
        refuse(self.answer, self.second, reason="Neither.")

    def revoke(self) -> None:
        revoke(self.answer.approval or "", person=self.owner, reason="", now=database_now())

    def expire(self) -> int:
        return expire_due(now=self.ends_at)

    def stop(self) -> None:
        stop(scope=Scope.RUN, ref=self.agent.run_ref, by=NOBODY, now=database_now())

    def freeze(self) -> None:
        freeze_grant(self.agent.run_ref, now=database_now())

    def hold(self) -> None:
        open_incident(
            kind=IncidentKind.LEGAL,
            scope=Scope.RUN,
            ref=self.agent.run_ref,
            by=NOBODY,
            now=database_now(),
        )

    def demote(self) -> bool:
        return change_role(
            user_id=self.operator.pk, role="auditor", by_id=self.owner.pk, now=database_now()
        )

    def ask(self) -> Answer:
        return self.agent.note("Ada wants Ada's report.", key="note")

    def erase(self) -> None:
        erase_subject(
            email=self.agent.deal.contact.email or "",
            reason=ErasureReason.ASKED,
            actor_id=None,
            now=database_now(),
        )

    def execute(self) -> bool:
        assert self.runs_at is not None
        return carry_out(self.call_ref, clock=at(self.runs_at))


@pytest.fixture
def asked(offer: Offer, outside: RunningSandbox) -> Make:
    """Make a question that waits for people."""
    prove_stripe()
    owner, second = make_person("owner"), make_person("operator")

    def make() -> Case:
        agent = an_agent(stage=DealStage.QUALIFIED, offer_id=offer.pk)
        operator = make_person("operator")
        answer = ask_for_link(agent)
        return Case(
            agent=agent,
            answer=answer,
            operator=operator,
            second=second,
            owner=owner,
            ends_at=request_of(answer).decide_by,
        )

    return make


@pytest.fixture
def granted(asked: Make) -> Make:
    """Make a question that was approved, and may run."""

    def make() -> Case:
        case = asked()
        case.runs_at = case.approve()
        case.ends_at = case.request.execute_by or case.ends_at
        return case

    return make


def against(make: Make, one: str, other: str) -> Iterator[tuple[Case, Side, Side]]:
    """Let ``one`` and ``other`` meet, each of them being the one who is held."""
    for first, second in dict.fromkeys([(one, other), (other, one)]):
        alone = make()
        for after in points(getattr(alone, first)):
            case = make()
            sides = interleave(
                getattr(case, first),
                getattr(case, second),
                after=after,
                look=lambda: case.call.state,  # noqa: B023  # called at once
            )
            where = f"{first} held after its statement {after} against {second}"
            print(f"{where}: {[side.said or side.error for side in sides]}")
            yield case, *(sides if first == one else reversed(sides))


def check(case: Case, outside: RunningSandbox, *sides: Side) -> bool:
    """Hold what must hold after every race; return whether there is a link at Stripe."""
    call, request = case.call, case.request
    made = [each for each in at_stripe(outside) if each.metadata["call_ref"] == case.call_ref]
    for side in sides:
        assert side.error is None or isinstance(side.error, TOLD), repr(side.error)
    assert len(made) <= 1
    assert bool(made) == (call.state == CallState.DONE), call.state
    stands = (str(request.state), str(call.state))
    assert stands in STAND_TOGETHER, stands
    return bool(made)


def books_are_good() -> None:
    assert findings() == []
    found = verify(heads=None, public_keys=[], now=timezone.now()).findings
    assert [each for each in found if each.code not in NOT_MEANT] == []


def has_won(side: Side) -> bool:
    return side.error is None

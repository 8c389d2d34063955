"""An operation that spends, as an app would register one, and what people do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import User
from django.db import connection

from approvals.enums import Factor
from approvals.models import ApprovalRequest
from approvals.ports import Proof
from approvals.usecases.decide import approve as say_yes
from kernel.canonical import Canonical
from kernel.money import Money
from kernel.retries import Refused, Unknown
from ledger import rows
from tests.approvals.asking import challenge
from tests.factories.crm import DealFactory
from tests.toolrouter.agents import Agent, an_agent, database_now
from toolrouter.answers import Answer
from toolrouter.enums import CapScope, CapWindow, Family, RunKind
from toolrouter.models import Reservation, SpendCap, ToolCall
from toolrouter.operations.changes import By, CapKey
from toolrouter.operations.grants import set_funded
from toolrouter.ports import (
    Answered,
    Arguments,
    Call,
    Effect,
    Made,
    Operation,
    Plan,
    Presented,
    ProviderRecord,
    Risk,
    Standing,
)
from toolrouter.usecases.change_cap import change_cap

BUY = "tests.buy"
HOLD = timedelta(seconds=5)
NOBODY = By(actor_id=None, reason="x")
WIDE = Money(1_000_00, "USD")


class Buy(Arguments):
    """What is bought: for how much, from whom, for which deal."""

    deal: str
    amount_minor: int
    currency: str
    vendor: str


class Buying(Effect[Buy]):
    """A provider that does as the test says."""

    provider = "manual"
    refuses: ClassVar[bool] = False
    hangs: ClassVar[bool] = False

    def plan(self, asked: Buy, call: Call) -> Plan:  # noqa: ARG002  # the effect's
        return Plan(
            account="manual",
            payload=asked.model_dump(mode="json"),
            payee=asked.vendor,
            amount=_ceiling(asked),
        )

    def present(self, envelope: Mapping[str, Canonical]) -> Presented:
        return Presented(sentence=f"Buy something of {envelope['payee']}.", lines=[])

    def prepare(self, asked: Buy, call: Call) -> None: ...

    def book(self, asked: Buy, call: Call) -> None: ...

    def make(self, call_ref: str) -> Made:
        if self.refuses:
            raise Refused("declined")
        if self.hangs:
            raise Unknown("timeout")
        return Made(provider_ref=call_ref)

    def record(self, call_ref: str, made: Made, *, now: datetime) -> Answered:  # noqa: ARG002  # the effect's
        return Answered(result={})

    def close(self, call_ref: str, *, code: str) -> None: ...

    def find(self, call_ref: str) -> Made | None:  # noqa: ARG002  # the effect's
        return None

    def read(self, provider_ref: str) -> ProviderRecord:
        call = ToolCall.objects.get(reference=provider_ref)
        amount = Money(call.amount_minor or 0, call.currency)
        return ProviderRecord(
            provider_ref=provider_ref, amount=amount, is_live=False, key=call.reference
        )


def _ceiling(asked: Buy) -> Money:
    return Money(asked.amount_minor, asked.currency)


OPERATIONS = (
    Operation(
        name=BUY,
        title="Buy something",
        risk=Risk.SPEND,
        says="Buy something.",
        arguments=Buy,
        effect=Buying(),
        subject=lambda asked: asked.deal,
        standing=lambda _project_ref, _ref: Standing.BELONGS,
        family=Family.PURCHASE,
        ceiling=_ceiling,
    ),
)


@dataclass(kw_only=True)
class Buyer:
    """An agent that buys under caps, and the owner who says yes."""

    agent: Agent
    owner: User
    asked: int = 0
    asked_minor: dict[str, int] = field(default_factory=dict)

    @property
    def project_ref(self) -> str:
        return self.agent.deal.project.reference

    def ask(self, minor: int, *, currency: str = "USD") -> Answer:
        """Propose a purchase of so much; each is another one."""
        self.asked += 1
        arguments: dict[str, Any] = {
            "deal": self.agent.deal.reference,
            "amount_minor": minor,
            "currency": currency,
            "vendor": "vendor.example",
        }
        answer = self.agent.propose(BUY, arguments, key=f"buy-{self.asked}")
        self.asked_minor[str(answer.action)] = minor
        return answer

    def approve(
        self, answer: Answer, *, by: User | None = None, now: datetime | None = None
    ) -> datetime:
        """Approve; return the first moment at which it may run."""
        by, now = by or self.owner, now or database_now()
        request = ApprovalRequest.objects.get(reference=answer.approval)
        decided = say_yes(
            request.reference,
            person=by,
            shown_digest=request.shown_digest,
            step_up=challenge(request, by, now=now),
            proof=Proof(factor=Factor.CODE),
            now=now,
        )
        return decided.not_before or now

    def approved(self, minor: int) -> Answer:
        """Ask for a purchase of so much, and have it approved."""
        answer = self.ask(minor)
        self.approve(answer)
        return answer

    def cap(
        self,
        scope: CapScope,
        minor: int,
        *,
        window: CapWindow = CapWindow.LIFETIME,
        by: By = NOBODY,
        now: datetime | None = None,
    ) -> SpendCap:
        """Let the cap of that scope and window be so much."""
        key = self.cap_key(scope, window)
        limit = Money(minor, "USD")
        change_cap(key=key, limit=limit, by=by, now=now or database_now())
        named = {name: getattr(key, name) for name in CapKey.__slots__}
        return SpendCap.objects.get(**named)

    def cap_key(self, scope: CapScope, window: CapWindow = CapWindow.LIFETIME) -> CapKey:
        refs = {CapScope.PROJECT: self.project_ref, CapScope.RUN: self.agent.run_ref}
        return CapKey(
            scope=scope,
            ref=refs.get(scope, ""),
            family=Family.PURCHASE,
            currency="USD",
            mode=self.agent.deal.mode,
            time_window=window,
        )

    def caps(self, *, account: int = 0, project: int = 0, run: int = 0) -> None:
        """Set the three caps that a spend needs; wide ones where nothing is said."""
        wide = WIDE.amount_minor
        self.cap(CapScope.ACCOUNT, account or wide)
        self.cap(CapScope.PROJECT, project or wide)
        self.cap(CapScope.RUN, run or wide)

    def fund(self, minor: int) -> None:
        set_funded(self.agent.run_ref, funded=Money(minor, "USD"))


def a_buyer(owner: User, **deal: Any) -> Buyer:
    return Buyer(agent=an_agent(kind=RunKind.FULFILMENT, deal=DealFactory(**deal)), owner=owner)


def call_of(answer: Answer) -> ToolCall:
    return ToolCall.objects.get(reference=answer.action)


def reservation_of(answer: Answer) -> Reservation | None:
    return Reservation.objects.filter(call__reference=answer.action).first()


def findings() -> list[tuple[str, str]]:
    """Return what differs between rows and entries, within the test's own transaction."""
    found: list[tuple[str, str]] = []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for comparison in rows.comparisons():
            cursor.execute(comparison.sql)
            read = getattr(comparison, "read", None)
            told = read(cursor.fetchall()) if read else cursor.fetchall()
            found += [(code, says) for code, _what, says in told]
    return found

"""May this call be made? Decided from facts alone. Imports no Django, looks nothing up.

The facts are numbers, references and words of lists, kept beside the decision, with ``VERSION``:
so a decision can be made again from what it was made of. Whoever changes what follows from the
same facts gives the rules a new version, and keeps the old ones for as long as rows name them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from toolrouter import caps
from toolrouter.caps import Scope, Window
from toolrouter.vocabulary import (
    Code,
    Decision,
    Posture,
    Readiness,
    Risk,
    RunKind,
    most_severe_first,
)

VERSION: Final = 2


class Verdict(NamedTuple):
    """What follows: a denial has all its reasons, the most severe first; anything else none."""

    decision: Decision
    codes: tuple[Code, ...] = ()


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Gate(_Facts):
    """What lets one kind of effect reach the real world: the environment and the account's own."""

    environment: bool = False
    account: bool = False

    @property
    def is_open(self) -> bool:
        """Say whether both say so."""
        return self.environment and self.account


class CapFact(_Facts):
    """One cap of the call's family, currency and mode, without the call's own reservation."""

    scope: Scope
    window: Window
    limit_minor: int
    counted_minor: int

    @property
    def headroom_minor(self) -> int:
        """Return what is left of it; below zero where more was captured than it allows."""
        return caps.headroom_minor(limit_minor=self.limit_minor, counted_minor=self.counted_minor)


class Funding(_Facts):
    """The owner's share of what the buyer paid, which a run's spending stays within."""

    share_percent: int
    funded_minor: int
    run_minor: int

    @property
    def headroom_minor(self) -> int:
        """Return what the run may still spend of it."""
        return caps.funded_headroom_minor(
            share_percent=self.share_percent,
            funded_minor=self.funded_minor,
            run_minor=self.run_minor,
        )


class People(_Facts):
    """How many must say yes, and how many there are who may."""

    needed: int
    eligible: int


class Facts(_Facts):
    """All that a decision is made of.

    ``found`` is what was wrong with what was asked, found by whoever read it: the shape of the
    arguments, what they name, what the owning app says of it. Everything else is how things stand.
    """

    operation: str
    risk: Risk | None  # None: nobody has such an operation
    run_kind: RunKind
    mode: Literal["live", "test", "sandbox", "sample"]
    found: tuple[Code, ...] = ()
    is_stopped: bool = False
    is_held: bool = False
    is_frozen: bool = False
    is_past_deadline: bool = False
    is_recently_refused: bool = False
    postures: tuple[Posture, ...] = ()  # of account and project
    outreach: Gate = Gate()
    spend: Gate = Gate()
    readiness: Readiness | None = None  # None: there is no provider that could be asked
    ceiling_minor: int | None = None
    caps: tuple[CapFact, ...] = ()
    funding: Funding | None = None  # None: no share was set
    people: People | None = None

    def stored(self) -> dict[str, object]:
        """Return them as they are kept on a row."""
        return self.model_dump(mode="json")

    @classmethod
    def of_stored(cls, stored: str | bytes) -> Self:
        """Read them back from JSON. Raises ValidationError for what is no such facts."""
        return cls.model_validate_json(stored)


_WITHIN: Final = frozenset({Risk.READ, Risk.DRAFT, Risk.INTERNAL_WRITE})
# What a run of each kind may do at all.
GRANTED: Final[Mapping[RunKind, frozenset[Risk]]] = MappingProxyType(
    {
        RunKind.SALES: _WITHIN | {Risk.OUTBOUND},
        RunKind.FULFILMENT: _WITHIN | {Risk.OUTBOUND, Risk.SPEND, Risk.PROVISIONING},
        RunKind.TRIAL: _WITHIN,
    }
)
# What goes on under each posture; the rest waits until an owner loosens it.
GOES_ON: Final[Mapping[Posture, frozenset[Risk]]] = MappingProxyType(
    {
        Posture.NORMAL: frozenset(Risk),
        Posture.DRAFT_ONLY: _WITHIN,
        Posture.READ_ONLY: frozenset({Risk.READ}),
        Posture.HOLD: frozenset(),
    }
)
_PROVED_LIVE: Final = frozenset({Readiness.LIVE_VERIFIED, Readiness.ATTESTED})
_PROVED_TEST: Final = _PROVED_LIVE | {Readiness.TEST_VERIFIED}
# What a provider must have been proved for, by the call's mode. Where nothing real moves, None
# will do: there is nobody to ask.
PROVED: Final[Mapping[str, frozenset[Readiness | None]]] = MappingProxyType(
    {
        "live": _PROVED_LIVE,
        "test": _PROVED_TEST | {None},
        "sandbox": _PROVED_TEST | {Readiness.SANDBOX_VERIFIED, None},
    }
)


def judge(facts: Facts) -> Verdict:
    """Return what follows from ``facts``. One reason against it denies, whatever speaks for it.

    What needs a person is never simply allowed, and what costs money always needs one.
    """
    return _judged(facts, proved=PROVED)


def _judge_1(facts: Facts) -> Verdict:
    """Return what version 1 said: it asked how ready a provider is in live mode only."""
    return _judged(facts, proved={"live": _PROVED_LIVE})


def _judged(facts: Facts, *, proved: Mapping[str, frozenset[Readiness | None]]) -> Verdict:
    codes = most_severe_first((*facts.found, *_against(facts, proved)))
    if codes or facts.risk is None:
        return Verdict(Decision.DENY, codes)
    return Verdict(Decision.NEEDS_APPROVAL if facts.risk.needs_person else Decision.ALLOW)


def _against(facts: Facts, proved: Mapping[str, frozenset[Readiness | None]]) -> Iterator[Code]:
    yield from _standing(facts)
    if facts.risk is None:
        yield Code.UNKNOWN_OPERATION
        return
    yield from _class(facts, facts.risk)
    if facts.readiness == Readiness.NOT_CONFIGURED:
        yield Code.NOT_CONFIGURED  # and of what is not there, nobody can say what it needs
    elif facts.risk.needs_person:
        yield from _reach(facts, facts.risk, proved)
        if facts.risk.costs_money:
            yield from _money(facts)
        if not _has_people(facts.people):
            yield Code.NO_APPROVER
    if facts.is_recently_refused:
        yield Code.RECENTLY_REFUSED


def _standing(facts: Facts) -> Iterator[Code]:
    """Yield what stands against every call of the run, whatever it asks for."""
    if facts.is_stopped:
        yield Code.STOPPED
    if facts.is_held or Posture.HOLD in facts.postures:
        yield Code.HOLD
    if facts.is_frozen:
        yield Code.FROZEN
    if facts.is_past_deadline:
        yield Code.DEADLINE


def _class(facts: Facts, risk: Risk) -> Iterator[Code]:
    """Yield what stands against every call of this class."""
    if risk == Risk.FORBIDDEN:
        yield Code.FORBIDDEN_OPERATION
    elif risk not in GRANTED[facts.run_kind]:
        yield Code.NOT_GRANTED
    if any(risk not in GOES_ON[each] for each in facts.postures if each != Posture.HOLD):
        yield Code.POSTURE


def _reach(
    facts: Facts, risk: Risk, proved: Mapping[str, frozenset[Readiness | None]]
) -> Iterator[Code]:
    """Yield what keeps a call from its provider. The gates are to the real world alone."""
    if facts.mode == "live":
        gate = facts.spend if risk.costs_money else facts.outreach
        if not gate.is_open:
            yield Code.GATE_CLOSED
    if facts.mode in proved and facts.readiness not in proved[facts.mode]:
        yield Code.NOT_READY


def _has_people(people: People | None) -> bool:
    """Say whether enough people may say yes; a chain of nobody is never enough."""
    return people is not None and 1 <= people.needed <= people.eligible


def _money(facts: Facts) -> Iterator[Code]:
    """Yield what the caps say: there must be one of account, project and run, and room in each."""
    ceiling_minor = facts.ceiling_minor
    if ceiling_minor is None:
        # What it may cost at most could not be told; whoever read it has said why.
        if not facts.found:
            yield Code.MALFORMED
        return
    if {cap.scope for cap in facts.caps} != caps.SCOPES:
        yield Code.NO_CAP
    for cap in facts.caps:
        if not caps.fits(ceiling_minor=ceiling_minor, headroom_minor=cap.headroom_minor):
            yield Code.OVER_CAP
    funding = facts.funding
    if funding and not caps.fits(
        ceiling_minor=ceiling_minor, headroom_minor=funding.headroom_minor
    ):
        yield Code.FUNDING


class UnknownVersion(LookupError):
    """The rules of that version are gone."""


_JUDGES: Final[Mapping[int, Callable[[Facts], Verdict]]] = MappingProxyType(
    {1: _judge_1, VERSION: judge}
)


def replay(stored: str | bytes, *, version: int) -> Verdict:
    """Return what the rules of ``version`` say of facts as they were stored.

    Raises UnknownVersion, and ValidationError where these are no facts.
    """
    if version not in _JUDGES:
        raise UnknownVersion(f"no rules of version {version}")
    return _JUDGES[version](Facts.of_stored(stored))

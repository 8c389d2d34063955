"""A kind of request of the tests' own: a box that can be opened, for money or for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from approvals import registry
from approvals.models import ApprovalRequest, StepUp
from approvals.operations import open_request
from approvals.registry import Around, CannotApprove, Envelope, Kind, Line, Rule, Shown
from kernel.canonical import Canonical
from kernel.money import Money
from kernel.references import new_reference

DAY = timedelta(hours=24)
HOLD = timedelta(seconds=60)
TEN_MINUTES = timedelta(minutes=10)
ENVELOPE: Mapping[str, Canonical] = {
    "operation": "box.open",
    "provider": "boxes",
    "mode": "sandbox",
    "amount_minor": 4900,
    "currency": "USD",
    "payee": "crunchline.com",
    "what": "Head-count figures for four quarters",
}


class Boxes(Kind):
    """Remembers what it was told, and has no more money than it is given."""

    words = frozenset({"what"})

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]  # a class constant elsewhere; tests register two kinds of one class
        self.told: list[tuple[str, ...]] = []
        self.locked: list[str] = []
        self.missing = ""
        self.breaks_for = ""
        self.versions = frozenset({"boxes-1"})

    @property
    def presenter_version(self) -> str:
        return "boxes-1"

    def presenter_versions(self) -> frozenset[str]:
        return self.versions

    @property
    def policy_versions(self) -> frozenset[str]:
        return frozenset({"policy-1"})

    def rules(self) -> list[Rule]:
        named = {
            "outbound": ("approvals.decide_outbound", 1),
            "spend": ("approvals.decide_spend", 1),
            "two": ("approvals.decide_outbound", 2),
        }
        return [
            Rule(
                name=name,
                permission=permission,
                people=people,
                decide_within=DAY,
                hold=HOLD,
                usable=TEN_MINUTES,
            )
            for name, (permission, people) in named.items()
        ]

    def present(self, envelope: Envelope, *, version: str) -> Shown:
        assert version == "boxes-1"
        return Shown(
            title="A run asks to open a box",
            effect=Line(label="", value=f"Open the box of {envelope['payee']}."),
            lines=[
                Line(label="Ceiling", value=f"{envelope['amount_minor']} {envelope['currency']}"),
                Line(label="What", value=str(envelope["what"]), is_words=True),
            ],
        )

    def lock(self, subject_ref: str) -> None:
        self.locked.append(subject_ref)

    def require_approver(self, subject_ref: str, *, person_id: int, now: datetime) -> None:
        pass

    def approved(self, subject_ref: str, *, request_ref: str, now: datetime) -> None:  # noqa: ARG002  # the kind's
        if self.missing:
            raise CannotApprove(self.missing)
        self.told.append(("approved", subject_ref, request_ref))

    def closed(self, subject_ref: str, *, outcome: str, why: str, now: datetime) -> None:  # noqa: ARG002  # the kind's
        if subject_ref == self.breaks_for:
            raise RuntimeError("broken")
        self.told.append((outcome, subject_ref))


@contextmanager
def boxes(name: str = "box") -> Iterator[Boxes]:
    """Yield the kind, registered for as long as the block runs."""
    kind = Boxes(name)
    registry.register(kind)
    try:
        yield kind
    finally:
        registry.forget(kind.name)


def ask(
    *,
    now: datetime,
    rule: str = "spend",
    asked_by_id: int | None = None,
    trace_ref: str = "",
    mode: str = "sandbox",
) -> ApprovalRequest:
    """Return an open request to open a box."""
    opened = open_request(
        kind="box",
        rule=rule,
        envelope={**ENVELOPE, "mode": mode},
        around=Around(asks="K7F3", room=[("Run", "$60.00 → $11.00")], agent_words="It sells them."),
        subject_ref=new_reference("call"),
        project_ref=new_reference("prj"),
        run_ref=new_reference("run"),
        mode=mode,
        trace_ref=trace_ref or new_reference("trc"),
        amount=Money(4900, "USD"),
        policy_version="policy-1",
        asked_by_id=asked_by_id,
        now=now,
    )
    return ApprovalRequest.objects.get(reference=opened.reference)


def challenge(request: ApprovalRequest, by: User, *, now: datetime) -> StepUp:
    """Return the challenge of the page that shows ``request`` to ``by``."""
    made, _is_new = StepUp.objects.get_or_create(
        request=request,
        person=by,
        shown_digest=request.shown_digest,
        session_digest="0" * 64,
        defaults={"nonce": "n", "asked_at": now},
    )
    return made

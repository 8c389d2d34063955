"""One person's answer to one request: who may, in which time, and what it sets off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError

from approvals.enums import Factor, RequestState, Why
from approvals.models import ApprovalRequest, Decision, StepUp
from approvals.operations.locking import MayNotDecide, ShownOtherwise, TooLate
from approvals.ports import Proof
from approvals.registry import CannotApprove
from approvals.usecases.decide import approve, refuse
from approvals.usecases.expire_due import expire_due
from approvals.usecases.revoke import revoke
from kernel.references import new_reference
from ledger.models import LedgerEntry
from tests.approvals.asking import DAY, HOLD, TEN_MINUTES, Boxes, ask, boxes, challenge
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)
CODE = Proof(factor=Factor.CODE)


@pytest.fixture
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        yield kind


def approved(request: ApprovalRequest, by: User, *, now: datetime) -> ApprovalRequest:
    return approve(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        step_up=challenge(request, by, now=now),
        proof=CODE,
        now=now,
    )


def refused(request: ApprovalRequest, by: User, *, now: datetime) -> ApprovalRequest:
    return refuse(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        reason="We have these figures",
        tells_the_agent=False,
        now=now,
    )


def events(request: ApprovalRequest) -> list[str]:
    about = LedgerEntry.objects.filter(subject=request.reference).order_by("id")
    return [entry.event for entry in about]


def test_an_approval_says_from_when_until_when_it_can_be_used(kind: Boxes, now: datetime) -> None:
    request, owner = ask(now=now), make_person("owner")

    said = approved(request, owner, now=now + timedelta(hours=1))

    assert said.state == RequestState.APPROVED
    assert said.not_before == now + timedelta(hours=1) + HOLD
    assert said.execute_by == said.not_before + TEN_MINUTES
    assert kind.told == [("approved", request.subject_ref, request.reference)]
    assert kind.locked == [request.subject_ref]
    assert events(request) == ["approval.requested", "approval.decided", "approval.approved"]
    [decision] = Decision.objects.all()
    assert (decision.person, decision.factor, decision.as_owner) == (owner, Factor.CODE, True)


def test_the_first_refusal_closes_it(kind: Boxes, now: datetime) -> None:
    request = ask(now=now, rule="two")

    said = refused(request, make_person("operator"), now=now)

    assert said.state == RequestState.REFUSED
    assert kind.told == [("refused", request.subject_ref)]
    assert Decision.objects.get().reason == "We have these figures"
    with pytest.raises(TooLate) as late:
        approved(request, make_person("owner"), now=now)
    assert late.value.outcome == RequestState.REFUSED


@pytest.mark.parametrize(("role", "rule"), [("operator", "spend"), ("auditor", "outbound")])
def test_who_lacks_the_right_decides_nothing(
    kind: Boxes, now: datetime, role: str, rule: str
) -> None:
    request, somebody = ask(now=now, rule=rule), make_person(role)

    for answer in (approved, refused):
        with pytest.raises(MayNotDecide):
            answer(request, somebody, now=now)

    assert (Decision.objects.count(), kind.told) == (0, [])
    assert not StepUp.objects.filter(used_at__isnull=False).exists()


def test_somebody_who_left_decides_nothing(kind: Boxes, now: datetime) -> None:
    request, owner = ask(now=now), make_person("owner")
    User.objects.filter(pk=owner.pk).update(is_active=False)

    with pytest.raises(MayNotDecide):
        approved(request, User.objects.get(pk=owner.pk), now=now)
    assert kind.told == []


def test_whoever_asked_never_decides_whoever_else_the_code_asks(kind: Boxes, now: datetime) -> None:
    owner = make_person("owner")
    request = ask(now=now, asked_by_id=owner.pk)

    with pytest.raises(MayNotDecide):
        approved(request, owner, now=now)
    with pytest.raises(DatabaseError, match="whoever asks never decides"), transaction.atomic():
        Decision.objects.create(
            reference=new_reference("dec"),
            request=request,
            person=owner,
            verdict="refuse",
            as_owner=True,
            fingerprint=request.fingerprint,
            shown_digest=request.shown_digest,
            decided_at=now,
        )
    assert kind.told == []


def test_where_two_are_needed_one_is_an_owner_and_none_counts_twice(
    kind: Boxes, now: datetime
) -> None:
    request = ask(now=now, rule="two")
    first, second, owner = make_person("operator"), make_person("operator"), make_person("owner")

    assert approved(request, first, now=now).state == RequestState.PENDING
    with pytest.raises(MayNotDecide):
        approved(request, first, now=now)
    assert approved(request, second, now=now).state == RequestState.PENDING
    assert kind.told == []
    assert approved(request, owner, now=now).state == RequestState.APPROVED


def test_one_person_has_one_answer_in_the_database_too(kind: Boxes, now: datetime) -> None:
    request, owner = ask(now=now, rule="two"), make_person("owner")
    approved(request, owner, now=now)
    [decision] = Decision.objects.all()

    with pytest.raises(IntegrityError, match="decision_one_for_each_person"), transaction.atomic():
        Decision.objects.create(
            reference=new_reference("dec"),
            request=request,
            person=owner,
            verdict="refuse",
            as_owner=True,
            fingerprint=decision.fingerprint,
            shown_digest=decision.shown_digest,
            decided_at=now,
        )


def test_a_page_that_shows_something_else_decides_nothing(kind: Boxes, now: datetime) -> None:
    request, owner = ask(now=now), make_person("owner")
    with pytest.raises(ShownOtherwise):
        approve(
            request.reference,
            person=owner,
            shown_digest="f" * 64,
            step_up=challenge(request, owner, now=now),
            proof=CODE,
            now=now,
        )
    assert kind.told == []


def test_a_proof_is_used_once_and_only_by_whom_it_was_asked_of(kind: Boxes, now: datetime) -> None:
    owner, other = make_person("owner"), make_person("owner")
    request, sibling = ask(now=now), ask(now=now)
    step_up = challenge(request, owner, now=now)

    def answer(what: ApprovalRequest, by: User) -> None:
        approve(
            what.reference,
            person=by,
            shown_digest=what.shown_digest,
            step_up=step_up,
            proof=CODE,
            now=now,
        )

    for what, by in ((request, other), (sibling, owner)):
        with pytest.raises(ShownOtherwise):
            answer(what, by)
    answer(request, owner)
    assert kind.told == [("approved", request.subject_ref, request.reference)]


def test_what_cannot_be_had_any_more_is_not_recorded_as_a_decision(
    kind: Boxes, now: datetime
) -> None:
    request, owner = ask(now=now), make_person("owner")
    kind.missing = "$9.90 of $10.00 are spoken for; $1.00 is missing $0.90"

    with pytest.raises(CannotApprove, match="is missing"):
        approved(request, owner, now=now)

    request.refresh_from_db()
    assert (request.state, Decision.objects.count()) == (RequestState.PENDING, 0)
    kind.missing = ""
    assert approved(request, owner, now=now).state == RequestState.APPROVED


def test_who_decides_too_late_closes_it(kind: Boxes, now: datetime) -> None:
    request, owner = ask(now=now), make_person("owner")

    with pytest.raises(TooLate) as late:
        approved(request, owner, now=now + DAY)

    assert late.value.outcome == RequestState.EXPIRED
    request.refresh_from_db()
    assert (request.state, request.why_closed) == (RequestState.EXPIRED, Why.DECIDE_BY)
    assert kind.told == [("expired", request.subject_ref)]


def test_a_sweep_closes_what_nobody_decided_and_what_was_not_used(
    kind: Boxes, now: datetime
) -> None:
    owner = make_person("owner")
    waits, runs_out, fresh = ask(now=now), ask(now=now), ask(now=now + timedelta(seconds=1))
    approved(runs_out, owner, now=now)

    assert expire_due(now=now + HOLD + TEN_MINUTES - timedelta(microseconds=1)) == 0
    assert expire_due(now=now + HOLD + TEN_MINUTES) == 1
    assert expire_due(now=now + DAY) == 1
    assert expire_due(now=now + DAY) == 0

    for request in (waits, runs_out, fresh):
        request.refresh_from_db()
    assert (waits.state, waits.why_closed) == (RequestState.EXPIRED, Why.DECIDE_BY)
    assert (runs_out.state, runs_out.why_closed) == (RequestState.EXPIRED, Why.EXECUTE_BY)
    assert fresh.state == RequestState.PENDING


def test_until_it_is_used_whoever_could_approve_may_take_it_back(
    kind: Boxes, now: datetime
) -> None:
    request, owner = ask(now=now), make_person("owner")
    approved(request, owner, now=now)

    with pytest.raises(MayNotDecide):
        revoke(request.reference, person=make_person("operator"), reason="", now=now)
    revoke(request.reference, person=make_person("owner"), reason="Wrong report", now=now)

    request.refresh_from_db()
    assert request.state == RequestState.REVOKED
    assert request.revocation.reason == "Wrong report"
    assert kind.told[-1] == ("revoked", request.subject_ref)
    with pytest.raises(TooLate):
        revoke(request.reference, person=owner, reason="", now=now)

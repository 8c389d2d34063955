"""One person's answer to one request."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from approvals.enums import RequestState, Verdict, Why
from approvals.models import ApprovalRequest, Decision, StepUp
from approvals.operations.closing import expire
from approvals.operations.locking import MayNotDecide, ShownOtherwise, TooLate, lock_request
from approvals.operations.recording import proof_digest, record
from approvals.policy import is_enough, is_strong_enough
from approvals.ports import NotProved, Proof
from approvals.queries.versions import what_is_gone
from approvals.registry import find_rule, kind_of
from kernel.append_only import new_salt, salted_digest
from kernel.exchanges import Clock
from kernel.references import new_reference

NO_REAL_MONEY: Final = "Real money is confirmed by a code from an app or a passkey only."


def approve(
    request_ref: str,
    *,
    person: User,
    shown_digest: str,
    step_up: StepUp,
    proof: Proof,
    now: datetime,
    clock: Clock | None = None,
) -> ApprovalRequest:
    """Record that ``person`` approves what ``shown_digest`` stands for; the last one grants it.

    ``step_up`` is the challenge of the page, which ``proof`` answered; it is used up. ``now`` is
    the database's, and ``clock`` asks for it again under the lock. Raises TooLate, ShownOtherwise,
    MayNotDecide, NotProved for too weak a proof, and the kind's CannotApprove; then nothing is
    recorded, but for a request whose time is over, which is closed.
    """
    with transaction.atomic(durable=True):
        request, now = _pending(request_ref, now=now, clock=clock)
        if request.state == RequestState.PENDING:
            _require_may(request, person=person, shown_digest=shown_digest)
            asks = kind_of(request.kind)
            asks.require_approver(request.subject_ref, person_id=person.pk, now=now)
            if not is_strong_enough(proof.factor, mode=request.mode):
                raise NotProved(NO_REAL_MONEY)
            _use(step_up, request=request, person=person, proof=proof, now=now)
            decision = _decision(request, person=person, verdict=Verdict.APPROVE, now=now)
            decision.factor, decision.step_up = proof.factor, step_up
            decision.save()
            _record_decision(request, decision, now=now)
            if _is_granted(request):
                _grant(request, now=now)
            return request
    raise TooLate(request.state)


def refuse(
    request_ref: str,
    *,
    person: User,
    shown_digest: str,
    reason: str,
    tells_the_agent: bool,
    now: datetime,
    clock: Clock | None = None,
) -> ApprovalRequest:
    """Record that ``person`` refuses; the first refusal closes the request.

    It needs no proof: nothing is set in motion. Raises as ``approve`` does.
    """
    with transaction.atomic(durable=True):
        request, now = _pending(request_ref, now=now, clock=clock)
        if request.state == RequestState.PENDING:
            _require_may(request, person=person, shown_digest=shown_digest)
            decision = _decision(request, person=person, verdict=Verdict.REFUSE, now=now)
            decision.reason, decision.tells_the_agent = reason, tells_the_agent
            if reason:
                decision.reason_salt = new_salt()
                decision.reason_digest = salted_digest(reason, salt=decision.reason_salt)
            decision.save()
            _record_decision(request, decision, now=now)
            request.move(RequestState.REFUSED, decided_at=now, closed_at=now)
            record(request, RequestState.REFUSED, now=now)
            asks = kind_of(request.kind)
            asks.closed(request.subject_ref, outcome=RequestState.REFUSED, why="", now=now)
            return request
    raise TooLate(request.state)


def _pending(
    request_ref: str, *, now: datetime, clock: Clock | None
) -> tuple[ApprovalRequest, datetime]:
    """Return the locked request, and what time it is now that nobody is waited for any more.

    What nobody may decide any more is closed now.
    """
    request = lock_request(request_ref)
    if clock:  # a machine that stood still meanwhile does not know it
        now = max(now, clock())
    if request.state == RequestState.PENDING and now >= request.decide_by:
        expire(request, why=Why.DECIDE_BY, now=now)
    elif request.state == RequestState.PENDING and what_is_gone(request):
        expire(request, why=Why.VERSION_GONE, now=now)
    return request, now


def _require_may(request: ApprovalRequest, *, person: User, shown_digest: str) -> None:
    rule = find_rule(request.kind, request.rule)
    if rule is None or request.keeps_out(person.pk) or not person.has_perm(rule.permission):
        raise MayNotDecide
    if Decision.objects.filter(request=request, person=person).exists():
        raise MayNotDecide
    if shown_digest != request.shown_digest:
        raise ShownOtherwise


def _use(
    step_up: StepUp, *, request: ApprovalRequest, person: User, proof: Proof, now: datetime
) -> None:
    """Use the challenge up, once, by whoever it was made for. Raises ShownOtherwise."""
    used = StepUp.objects.filter(
        pk=step_up.pk,
        request=request,
        person=person,
        shown_digest=request.shown_digest,
        used_at=None,
    ).update(used_at=now, factor=proof.factor, evidence=proof.evidence)
    if not used:
        raise ShownOtherwise
    step_up.refresh_from_db()


def _decision(
    request: ApprovalRequest, *, person: User, verdict: Verdict, now: datetime
) -> Decision:
    rule = kind_of(request.kind).rule(request.rule)
    return Decision(
        reference=new_reference("dec"),
        request=request,
        person=person,
        verdict=verdict,
        as_owner=person.has_perm(rule.owner_permission),
        fingerprint=request.fingerprint,
        shown_digest=request.shown_digest,
        decided_at=now,
    )


def _record_decision(request: ApprovalRequest, decision: Decision, *, now: datetime) -> None:
    record(
        request,
        "decided",
        key=decision.reference,
        refs=[decision.reference],
        facts={
            "actor": f"user:{decision.person_id}",
            "verdict": decision.verdict,
            "as_owner": decision.as_owner,
            "tells_the_agent": decision.tells_the_agent,
            **({"factor": decision.factor} if decision.factor else {}),
            **({"reason_digest": decision.reason_digest} if decision.reason_digest else {}),
            **({"proof": proof_digest(decision.step_up)} if decision.step_up else {}),
        },
        now=now,
    )


def _is_granted(request: ApprovalRequest) -> bool:
    said = list(Decision.objects.filter(request=request, verdict=Verdict.APPROVE))
    owners = sum(each.as_owner for each in said)
    return is_enough(people=len(said), owners=owners, needed=request.people_needed)


def _grant(request: ApprovalRequest, *, now: datetime) -> None:
    """Take what the approval grants, and say from when until when it can be used."""
    asks = kind_of(request.kind)
    rule = asks.rule(request.rule)
    asks.approved(request.subject_ref, request_ref=request.reference, now=now)
    not_before = now + rule.hold
    execute_by = not_before + rule.usable
    request.move(
        RequestState.APPROVED, decided_at=now, not_before=not_before, execute_by=execute_by
    )
    record(
        request,
        RequestState.APPROVED,
        now=now,
        facts={"not_before": not_before, "execute_by": execute_by},
    )
    if asks.takes_effect_at_once:
        request.move(RequestState.CONSUMED, closed_at=now)
        record(request, RequestState.CONSUMED, now=now)

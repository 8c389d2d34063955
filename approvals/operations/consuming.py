"""Use an approval, once: everything it was bound to is derived anew and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import connection

from approvals.enums import Factor, RequestState, Verdict, Why
from approvals.fields import SaltedField, digest_of
from approvals.models import ApprovalField, ApprovalRequest, Decision
from approvals.operations.recording import record
from approvals.policy import is_enough, is_strong_enough
from approvals.registry import CannotApprove, Envelope, kind_of
from approvals.signatures import challenge_of, is_signed
from kernel.canonical import Canonical

# What an agent reads of a request that stands there (agent.md's codes).
CODES: Final[Mapping[str, str]] = {
    RequestState.PENDING: "no_approver",
    RequestState.CONSUMED: "duplicate",
    RequestState.REFUSED: "refused",
    RequestState.EXPIRED: "expired",
    RequestState.REVOKED: "revoked",
    RequestState.SUPERSEDED: "superseded",
}
# Whoever changes what a person may do locks the person's row. Django has no word for this lock.
_HOLD_APPROVERS: Final = """
SELECT 1 FROM auth_user WHERE id IN
  (SELECT person_id FROM approvals_decision WHERE request_id = %s) ORDER BY id FOR SHARE
"""


class CannotUse(Exception):
    """The approval does not cover what is about to run. ``code`` is one of the agent's codes.

    ``why`` says what people are told, where that does not follow from the code.
    """

    def __init__(self, code: str, *, why: Why | None = None) -> None:
        super().__init__(code)
        self.code, self.why = code, why


def consume(subject_ref: str, *, envelope: Envelope, now: datetime) -> str:
    """Use the approval of ``subject_ref`` for exactly ``envelope``; return its reference.

    ``envelope`` was made anew by the caller.
    In the transaction that claims execution; ``now`` is the database's. Raises CannotUse where it
    was never given, is used, withdrawn or out of its times, where a field or what was shown would
    be another now, and where too few of those who approved may still decide or proved it.
    """
    request = ApprovalRequest.objects.select_for_update(no_key=True).filter(
        subject_ref=subject_ref
    ).order_by("-id").first()  # fmt: skip
    if request is None:
        raise CannotUse("no_approver")
    if request.state != RequestState.APPROVED:
        raise CannotUse(CODES[request.state])
    _require_in_time(request, now=now)
    _require_same(request, envelope)
    _require_approvers(request, now=now)
    request.move(RequestState.CONSUMED, closed_at=now)
    record(request, RequestState.CONSUMED, now=now)
    return request.reference


def _require_in_time(request: ApprovalRequest, *, now: datetime) -> None:
    if request.not_before is None or now < request.not_before:
        raise CannotUse("hold")
    if request.execute_by is None or now >= request.execute_by:
        raise CannotUse("expired")


def _require_same(request: ApprovalRequest, envelope: Envelope) -> None:
    """Compare field by field, under the salts that were kept."""
    asks = kind_of(request.kind)
    known = (
        request.presenter_version in asks.presenter_versions()
        and request.policy_version in asks.policy_versions
    )
    if not known:
        raise CannotUse("expired", why=Why.VERSION_GONE)
    shown = asks.present(envelope, version=request.presenter_version)
    kept = list(request.fields.all())
    part = ApprovalField.Part
    same = (
        _digest(kept, part.ENVELOPE, {**envelope, **request.terms}) == request.fingerprint
        and _digest(kept, part.SHOWN, shown.values()) == request.shown_digest
    )
    if not same:
        raise CannotUse("superseded")


def _digest(kept: list[ApprovalField], part: str, values: Mapping[str, Canonical]) -> str:
    """Return the digest of ``values`` under the salts of ``part``; nothing where a name differs."""
    salts = {field.name: field.salt for field in kept if field.part == part}
    if set(salts) != set(values) or not all(salts.values()):
        return ""
    return digest_of(
        SaltedField(name=name, value=value, salt=salts[name]).digest
        for name, value in values.items()
    )


def _require_approvers(request: ApprovalRequest, *, now: datetime) -> None:
    """Ask who still may, holding them: nobody takes a role or an account away before COMMIT."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_APPROVERS, [request.pk])
    rule = kind_of(request.kind).rule(request.rule)
    decisions = Decision.objects.filter(
        request=request, verdict=Verdict.APPROVE, fingerprint=request.fingerprint,
        shown_digest=request.shown_digest,
    ).select_related("person", "step_up")  # fmt: skip
    proved = [each for each in decisions if _is_proved(each, request)]
    may = [each.person for each in proved if each.person.has_perm(rule.permission)]
    still = [person for person in may if _could_approve(request, person, now=now)]
    owners = [person for person in still if person.has_perm(rule.owner_permission)]
    if not is_enough(people=len(still), owners=len(owners), needed=request.people_needed):
        raise CannotUse("no_approver")


def _could_approve(request: ApprovalRequest, person: User, *, now: datetime) -> bool:
    """Say whether its kind would let this person approve it now."""
    try:
        kind_of(request.kind).require_approver(request.subject_ref, person_id=person.pk, now=now)
    except CannotApprove:
        return False
    return True


def _is_proved(decision: Decision, request: ApprovalRequest) -> bool:
    """Say whether the proof that is kept carries the decision; a passkey's is verified again."""
    step_up = decision.step_up
    if step_up is None or (step_up.request_id, step_up.person_id, step_up.factor) != (
        request.pk, decision.person_id, decision.factor,
    ):  # fmt: skip
        return False
    if decision.factor != Factor.PASSKEY:
        return is_strong_enough(decision.factor, mode=request.mode)
    challenge = challenge_of(
        request_ref=request.reference, shown_digest=request.shown_digest, nonce=step_up.nonce
    )
    return is_signed(step_up.evidence or {}, challenge=challenge)


def fields_of(request: ApprovalRequest, part: str) -> dict[str, Canonical]:
    """Return the fields of one part as they were kept; what was blanked is left out."""
    rows = request.fields.filter(part=part).order_by("name")
    return {row.name: json.loads(row.value) for row in rows if row.value}

"""Take back an approval that was not used yet."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from approvals.enums import RequestState
from approvals.models import ApprovalRequest, Revocation
from approvals.operations.locking import MayNotDecide, TooLate, lock_request
from approvals.operations.recording import record
from approvals.registry import find_rule, kind_of
from kernel.append_only import new_salt, salted_digest


def revoke(request_ref: str, *, person: User, reason: str, now: datetime) -> ApprovalRequest:
    """Take back the approval of ``request_ref``: whoever could approve it may, until it is used.

    It needs no proof and no Redis. Raises TooLate and MayNotDecide.
    """
    with transaction.atomic(durable=True):
        request = lock_request(request_ref)
        rule = find_rule(request.kind, request.rule)
        if rule is None or not person.has_perm(rule.permission):
            raise MayNotDecide
        if request.state != RequestState.APPROVED:
            raise TooLate(request.state)
        salt = new_salt() if reason else ""
        digest = salted_digest(reason, salt=salt) if reason else ""
        Revocation.objects.create(
            request=request,
            person=person,
            reason=reason,
            reason_salt=salt,
            reason_digest=digest,
            revoked_at=now,
        )
        request.move(RequestState.REVOKED, closed_at=now)
        facts = {"actor": f"user:{person.pk}", **({"reason_digest": digest} if digest else {})}
        record(request, RequestState.REVOKED, now=now, facts=facts)
        asks = kind_of(request.kind)
        asks.closed(request.subject_ref, outcome=RequestState.REVOKED, why="", now=now)
        return request

"""Show a request to somebody who may decide it: the challenge that their proof will answer."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from approvals.models import ApprovalRequest, StepUp
from approvals.signatures import challenge_of
from kernel.statements import insert_once


def show_request(
    reference: str, *, person: User, session_key: str, now: datetime
) -> tuple[StepUp, bytes]:
    """Return the challenge for this person, session and what is shown, and the bytes to sign.

    One for each of them, so that two tabs answer the same one; it is used once.
    """
    request = ApprovalRequest.objects.get(reference=reference)
    session = hashlib.sha256(session_key.encode()).hexdigest()
    step_up = StepUp(
        request=request,
        person=person,
        shown_digest=request.shown_digest,
        session_digest=session,
        nonce=secrets.token_hex(32),
        asked_at=now,
    )
    with transaction.atomic(durable=True):
        if not insert_once(step_up):
            step_up = StepUp.objects.get(
                request=request,
                person=person,
                shown_digest=request.shown_digest,
                session_digest=session,
            )
    return step_up, challenge_of(
        request_ref=reference, shown_digest=request.shown_digest, nonce=step_up.nonce
    )

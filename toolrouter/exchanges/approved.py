"""What people approved is done: prepared, claimed, asked of the provider once, and written down."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import Final

from django.db import transaction

from approvals.queries import usable_now
from kernel.exchanges import Clock
from kernel.retries import CallFailed, Refused
from toolrouter.approval_rules import KIND_NAME
from toolrouter.enums import CallState, IncidentKind, Scope
from toolrouter.exchanges.claim import claim
from toolrouter.exchanges.outcomes import record_made
from toolrouter.exchanges.receipts import read_receipt
from toolrouter.exchanges.starts import compare_start
from toolrouter.exchanges.sweeping import one_by_one
from toolrouter.models import ToolCall
from toolrouter.models.calls import RUNNING
from toolrouter.operations.changes import By
from toolrouter.operations.claiming import (
    approved_of,
    call_of,
    effect_of,
    facts_now,
    stored_arguments,
)
from toolrouter.operations.incidents import open_incident
from toolrouter.operations.settling import fail, lose
from toolrouter.policy import judge
from toolrouter.ports import ByHand, NotPossible, OtherMode
from toolrouter.queries.clock import database_now
from toolrouter.timing import CALL_LONGEST

logger = logging.getLogger(__name__)

NOT_SENT: Final = "not_sent"


def run_approved(*, clock: Clock, limit: int = 20) -> int:
    """Do what is approved and whose hold is over. Returns how many calls were claimed.

    One that raises holds up no other; what it raised is raised in the end.
    """
    began_at = clock()
    if not compare_start(now=began_at):
        return 0
    usable = usable_now(KIND_NAME, now=began_at, limit=limit)
    return one_by_one(usable, partial(carry_out, clock=clock))


def carry_out(call_ref: str, *, clock: Clock) -> bool:
    """Do one approved call; say whether it was claimed. No transaction is open while anybody waits.

    A crash leaves it ``executing``: nobody claims it again, and the sweep looks for it. False too
    before the database was compared with the head outside.
    """
    began_at = clock()
    if not compare_start(now=began_at):
        return False
    call = ToolCall.objects.get(reference=call_ref)
    if isinstance(approved_of(call), ByHand):
        return claim(call_ref, now=clock())
    if not _prepare(call, now=began_at) or not claim(call_ref, now=clock()):
        return False
    _make(call_ref, clock=clock)
    return True


def _prepare(call: ToolCall, *, now: datetime) -> bool:
    """Make what the call needs and what sells nothing; say whether to go on.

    Where the provider does not answer it is tried again, for as long as the approval can be used.
    """
    arguments = stored_arguments(call).arguments
    if arguments is None:
        return True  # the claim says what is wrong
    try:
        effect_of(call).prepare(arguments, call_of(call, now=now))
    except NotPossible:
        return True  # likewise
    except CallFailed as error:
        logger.warning("call not prepared", extra={"call": call.reference, "code": error.code})
        return False
    return True


def _make(call_ref: str, *, clock: Clock) -> None:
    call = ToolCall.objects.get(reference=call_ref)
    effect = effect_of(call)
    now = max(clock(), database_now())  # a machine that stood still knows of no time that passed
    # We slept, and by now others may look for it; or somebody stopped it since it was claimed.
    is_late = call.deadline_at is None or now + CALL_LONGEST > call.deadline_at
    if is_late or _stands_against(call, now=now):
        _close(call_ref, code=NOT_SENT, clock=clock)
        return
    try:
        made = effect.make(call_ref)
    except Refused as refusal:
        _close(call_ref, code=refusal.code, clock=clock)
    except CallFailed as error:
        logger.warning("outcome unknown", extra={"call": call_ref, "code": error.code})
        _lose(call, is_other_mode=isinstance(error, OtherMode), clock=clock)
    else:
        record_made(call_ref, made, now=clock())
        read_receipt(call_ref, clock=clock)


def _stands_against(call: ToolCall, *, now: datetime) -> bool:
    """Say whether the policy would not let the call begin any more."""
    arguments = stored_arguments(call).arguments
    with transaction.atomic(durable=True):
        return bool(judge(facts_now(call, now=now, arguments=arguments)).codes)


def _close(call_ref: str, *, code: str, clock: Clock) -> None:
    with transaction.atomic(durable=True):
        call = ToolCall.objects.select_for_update(no_key=True).get(reference=call_ref)
        if call.state in RUNNING:
            effect_of(call).close(call_ref, code=code)
            fail(call, now=clock())


def _lose(known: ToolCall, *, is_other_mode: bool, clock: Clock) -> None:
    with transaction.atomic(durable=True):
        if is_other_mode:
            open_incident(
                kind=IncidentKind.MODE,
                scope=Scope.PROJECT,
                ref=known.project_ref,
                about_ref=known.reference,
                by=By(actor_id=None),
                now=clock(),
            )
        call = ToolCall.objects.select_for_update(no_key=True).get(pk=known.pk)
        if call.state == CallState.EXECUTING:
            lose(call, now=clock())

"""Acting again on a filed event, on a person's word; or only saying what that would change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from kernel.exchanges import Clock
from kernel.failures import words_to_keep
from kernel.leases import claim_due
from kernel.references import TAIL_CHARS, TIME_CHARS, new_reference
from ledger import operations as ledger
from notices import operations as notices
from revenue.enums import AlertKind, EventState, Outcome, Source
from revenue.exchanges.event_plan import plan_event
from revenue.exchanges.events import LEASE, apply_plan, context_of, is_final, process_claimed
from revenue.models import StripeWebhookEvent
from revenue.operations.recording_context import CauseMissing
from revenue.ports import GatewayError, PaymentGateway

REPLAYABLE: Final = tuple(state for state in EventState if state != EventState.PROCESSING)
OUR_REFERENCE: Final = re.compile(rf"\b[a-z]{{3,4}}_([0-9a-z]{{{TIME_CHARS + TAIL_CHARS}}})\b")


class EventBusy(Exception):
    """A worker acts on this event at this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """What acting on an event changed, or would change, in sentences without personal data."""

    outcome: Outcome
    changes: Sequence[str] = ()
    problem: str = ""


def replay_event(
    stripe_id: str, *, gateway: PaymentGateway, actor_id: int | None, clock: Clock
) -> ReplayResult:
    """Act on an event once more, whatever its state, now; who asked for it is audited.

    Recording is a no-op where everything is known already. An emptied event, or one of an API
    version that we do not read, is read from Stripe. Raises EventBusy.
    """
    event = _claim(stripe_id, actor_id=actor_id, clock=clock)
    done = process_claimed(event, gateway=gateway, source=Source.REPLAY, clock=clock)
    event.refresh_from_db(fields=["state", "error_class", "error"])
    if event.state != EventState.DEAD:
        with transaction.atomic(durable=True):
            notices.close_alerts(subject=stripe_id, kind=AlertKind.EVENT_DEAD, now=clock())
    problem = event.error or event.error_class if done.outcome in _BAD else ""
    return ReplayResult(outcome=done.outcome, changes=done.changes, problem=problem)


_BAD: Final = frozenset({Outcome.FAILED, Outcome.NEEDS_OPERATOR})


def _claim(stripe_id: str, *, actor_id: int | None, clock: Clock) -> StripeWebhookEvent:
    now = clock()
    known = StripeWebhookEvent.objects.only("pk").get(stripe_id=stripe_id)
    with transaction.atomic(durable=True):
        claimed = claim_due(
            StripeWebhookEvent,
            states=REPLAYABLE,
            to=EventState.PROCESSING,
            now=now,
            lease=LEASE,
            limit=1,
            only_id=known.pk,
        )
        if not claimed:
            raise EventBusy(stripe_id)
        ledger.audit(
            actor_id=actor_id,
            event="event.replayed",
            subject=claimed[0].ledger_ref,
            mode=claimed[0].mode,
            trace_ref=claimed[0].trace_ref,
            now=now,
        )
    return claimed[0]


def dry_run(stripe_id: str, *, gateway: PaymentGateway, clock: Clock) -> ReplayResult:
    """Say what a replay would change, and change nothing.

    Stripe is asked first, as a replay would; then everything is recorded for real in a
    transaction that is rolled back, so the answer is no guess.
    """
    event = StripeWebhookEvent.objects.get(stripe_id=stripe_id)
    context = context_of(event, source=Source.REPLAY, now=clock())
    newest_known = new_reference("now")
    try:
        plan = plan_event(event, gateway=gateway, source=Source.REPLAY)
        with transaction.atomic(durable=True):
            outcome = apply_plan(context, plan)
            transaction.set_rollback(True)
    except CauseMissing as missing:
        problem = f"It would wait for {missing.cause}, which nobody has told us of."
        return ReplayResult(outcome=Outcome.WAITING, problem=problem)
    except GatewayError as error:
        return ReplayResult(
            outcome=Outcome.FAILED, problem=f"Stripe could not be read: {error.code}"
        )
    except Exception as error:  # noqa: BLE001  # a replay would fail with it; say so, change nothing
        outcome = Outcome.NEEDS_OPERATOR if is_final(error) else Outcome.FAILED
        return ReplayResult(outcome=outcome, problem=words_to_keep(error) or type(error).__name__)
    changes = [_without_new_names(each, since=newest_known) for each in context.changes]
    if context.doubts:
        outcome = Outcome.NEEDS_OPERATOR
    return ReplayResult(outcome=outcome, changes=changes, problem=" ".join(context.doubts))


def _without_new_names(sentence: str, *, since: str) -> str:
    """Leave out references that were made up for a row which was rolled back."""
    first_new = since.partition("_")[2][:TIME_CHARS]

    def said(match: re.Match[str]) -> str:
        return "(new)" if match[1][:TIME_CHARS] >= first_new else match[0]

    return OUR_REFERENCE.sub(said, sentence)

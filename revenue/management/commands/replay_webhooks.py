"""``manage.py replay_webhooks``: act again on events, by state, type and age."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from datetime import UTC, datetime

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from revenue.enums import EventState, Outcome
from revenue.providers import gateway_for_worker
from revenue.queries.events import events_to_replay
from revenue.usecases.replay_event import EventBusy, ReplayResult, dry_run, replay_event

BAD = frozenset({Outcome.FAILED, Outcome.NEEDS_OPERATOR})
LIMIT_MAX = 1_000_000


def _clock() -> datetime:
    return datetime.now(UTC)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date; write it like 2026-11-22") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Command(BaseCommand):
    """Replay the oldest first; ``--dry-run`` changes nothing and says what would change."""

    help = "Act again on filed Stripe events (the dead ones, unless told otherwise)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take which events, how many, and whether to change anything."""
        states = [*EventState.values, "any"]
        parser.add_argument(
            "--state",
            choices=states,
            default=EventState.DEAD.value,
            help="dead unless told otherwise: those that wait for a person",
        )
        parser.add_argument("--type", default="", help="such as checkout.session.completed")
        parser.add_argument(
            "--since", type=_moment, default=None, help="received since, such as 2026-11-22"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change")
        parser.add_argument("--limit", type=int, default=100, help="at most so many (100)")

    def handle(
        self,
        *_args: object,
        state: str,
        type: str,  # the option's name
        since: datetime | None,
        dry_run: bool,
        limit: int,
        **_options: object,
    ) -> None:
        """Replay one after the other; exit code 1 where any could not be recorded."""
        if not 1 <= limit <= LIMIT_MAX:
            raise CommandError(f"--limit must be between 1 and {LIMIT_MAX:,}.")
        events = events_to_replay(
            state="" if state == "any" else state,
            type_=type,
            since=since,
            mode=settings.DEPLOYMENT_MODE,
            limit=limit,
        )
        outcomes: Counter[str] = Counter()
        for stripe_id, event_type in events:
            outcomes[self._one(stripe_id, event_type, is_dry=dry_run)] += 1
        words = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        what = " would be" if dry_run else ""
        self.stdout.write(f"{len(events)} event(s){what}: {words or 'none'}")
        if any(outcomes[outcome] for outcome in BAD):
            raise CommandError("Some events could not be recorded; each says why above.")

    def _one(self, stripe_id: str, event_type: str, *, is_dry: bool) -> str:
        try:
            done = _act(stripe_id, is_dry=is_dry)
        except EventBusy:
            self.stdout.write(f"{stripe_id} {event_type}: busy, a worker is at it")
            return "busy"
        self.stdout.write(f"{stripe_id} {event_type}: {done.outcome.label}")
        for sentence in [*done.changes, *([done.problem] if done.problem else [])]:
            self.stdout.write(f"    {sentence}")
        return str(done.outcome)


def _act(stripe_id: str, *, is_dry: bool) -> ReplayResult:
    gateway = gateway_for_worker()
    if is_dry:
        return dry_run(stripe_id, gateway=gateway, clock=_clock)
    return replay_event(stripe_id, gateway=gateway, actor_id=None, clock=_clock)

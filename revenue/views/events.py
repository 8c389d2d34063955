"""The webhook inspector: what Stripe told us, what came of it, and acting on it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kernel.paging import Cursor
from kernel.permissions import needs
from revenue.enums import EventState, Outcome
from revenue.exchanges.event_plan import is_of_another_account
from revenue.forms.events import EventFilterForm
from revenue.forms.reasons import ReasonForm
from revenue.providers import TooManyCalls, gateway_for_web, one_web_call
from revenue.queries.events import EventFile, event_file, events_page
from revenue.usecases.close_event import EventNotDead, close_event
from revenue.usecases.replay_event import EventBusy, ReplayResult, dry_run, replay_event
from revenue.views.reasons import ask_again

if TYPE_CHECKING:
    from revenue.models import StripeWebhookEvent

SEE: Final = "revenue.view_stripewebhookevent"
REPLAY: Final = "revenue.replay_webhook"
NAV: Final = "event-list"
SENTENCES_MAX: Final = 12

OUTCOMES: Final = {
    Outcome.RECORDED: "Recorded.",
    Outcome.ALREADY_KNOWN: "Everything it says was known already. Nothing changed.",
    Outcome.IGNORED: "Nothing to record: this means nothing to the sale.",
    Outcome.WAITING: "It still waits for an earlier event.",
    Outcome.FAILED: "The attempt failed.",
    Outcome.NEEDS_OPERATOR: "It failed again, and needs attention.",
}
WOULD: Final = OUTCOMES | {
    Outcome.RECORDED: "A replay would change this:",
    Outcome.ALREADY_KNOWN: "A replay would change nothing: everything it says is known already.",
    Outcome.IGNORED: "A replay would change nothing: this means nothing to the sale.",
    Outcome.WAITING: "A replay would only make it wait again.",
    Outcome.FAILED: "A replay would fail.",
    Outcome.NEEDS_OPERATOR: "A replay would fail again, and need attention.",
}
GOOD: Final = frozenset({Outcome.RECORDED, Outcome.ALREADY_KNOWN, Outcome.IGNORED})


def _clock() -> datetime:
    return datetime.now(UTC)


@never_cache
@require_safe
@needs(SEE)
def events(request: HttpRequest) -> HttpResponse:
    """List what Stripe told us, newest first."""
    form = EventFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    page = events_page(
        cursor=Cursor.from_query(request.GET),
        state=narrowed.get("state", ""),
        type_=narrowed.get("type", ""),
        mode=narrowed.get("mode", ""),
        day=narrowed.get("day"),
    )
    context = {
        "nav": NAV,
        "form": form,
        "types": sorted(gateway_for_web().event_types()),
        "is_filtered": any(narrowed.values()),
        "events": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "revenue/event_list.html", context)


def _found(stripe_id: str) -> EventFile:
    found = event_file(stripe_id)
    if found is None:
        raise Http404(stripe_id)
    return found


@never_cache
@require_safe
@needs(SEE)
def event(request: HttpRequest, stripe_id: str) -> HttpResponse:
    """Show one event: attempts, results, and its payload with personal data masked."""
    return _page(request, _found(stripe_id))


def _page(
    request: HttpRequest, found: EventFile, *, tried: ReplayResult | None = None
) -> HttpResponse:
    context = {
        "nav": NAV,
        "file": found,
        "event": found.event,
        "nothing_came": _nothing_came(found.event),
        "tried": tried,
        "tried_words": WOULD[tried.outcome] if tried else "",
        "is_tried_good": tried is not None and tried.outcome in GOOD,
    }
    return render(request, "revenue/event.html", context)


def _nothing_came(event: StripeWebhookEvent) -> str:
    """Say why nothing was booked of an event."""
    words = event.state_words.note
    is_ignored = event.state == EventState.IGNORED
    return words.format(because=_ignored_because(event)) if is_ignored else words


def _ignored_because(event: StripeWebhookEvent) -> str:
    """Say why an event that was ignored means nothing to the sale."""
    if is_of_another_account(event):
        return "it is about another account, which sells nothing here. It is kept and counted."
    if event.type not in gateway_for_web().event_types():
        return "events of this type are kept and counted, no more."
    return "it is about nothing that was sold here. It is kept and counted."


@require_POST
@needs(REPLAY)
def try_replay(request: HttpRequest, stripe_id: str) -> HttpResponse:
    """Say what a replay would change, and change nothing."""
    _found(stripe_id)
    try:
        with one_web_call():
            tried = dry_run(stripe_id, gateway=gateway_for_web(), clock=_clock)
    except TooManyCalls:
        messages.warning(request, "Not tried: too many pages wait for Stripe. Press again.")
        return redirect("event", stripe_id)
    return _page(request, _found(stripe_id), tried=tried)


@require_POST
@needs(REPLAY)
def replay(request: HttpRequest, stripe_id: str) -> HttpResponse:
    """Act on the event once more, now."""
    _found(stripe_id)
    try:
        with one_web_call():
            done = replay_event(
                stripe_id,
                gateway=gateway_for_web(),
                actor_id=request.user.pk,
                clock=_clock,
            )
    except EventBusy:
        messages.warning(request, "Not replayed: a worker is acting on this event right now.")
    except TooManyCalls:
        messages.warning(request, "Not replayed: too many pages wait for Stripe. Press again.")
    else:
        _say(request, done)
    return redirect("event", stripe_id)


@require_POST
@needs(REPLAY)
def close(request: HttpRequest, stripe_id: str) -> HttpResponse:
    """Take a dead event off the list without acting on it, for a reason."""
    _found(stripe_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return ask_again(
            request,
            form,
            nav=NAV,
            title="Close this event without acting on it",
            button="Close without acting",
            back=reverse("event", args=[stripe_id]),
        )
    try:
        close_event(
            stripe_id,
            reason=form.cleaned_data["reason"],
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=_clock(),
        )
    except EventNotDead as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Closed without acting on it. That is recorded.")
    return redirect("event", stripe_id)


def _say(request: HttpRequest, done: ReplayResult) -> None:
    sentences = [OUTCOMES[done.outcome], *_sentences(done)]
    if done.problem:
        sentences.append(done.problem)
    tell = messages.success if done.outcome in GOOD else messages.error
    tell(request, " ".join(sentences))


def _sentences(done: ReplayResult) -> list[str]:
    return [f"{each[:1].upper()}{each[1:]}." for each in done.changes[:SENTENCES_MAX]]

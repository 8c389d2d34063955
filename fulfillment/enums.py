"""The words of the work: where a run stands, why it is frozen, what its events say."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.db import models

from kernel.state_words import OperatorWords, for_operators

if TYPE_CHECKING:  # an app's config reads these words before there are models
    from kernel.transitions import Moves


class RunState(models.TextChoices):
    """Where a run stands. Nothing but research is done before a person approves its plan."""

    WAITING_FOR_BRIEF = "waiting_for_brief", "waiting for the brief"
    PLANNING = "planning", "planning"
    AWAITING_PLAN_APPROVAL = "awaiting_plan_approval", "plan to approve"
    RUNNING = "running", "working"
    AWAITING_REVIEW = "awaiting_review", "to review"
    DELIVERED = "delivered", "delivered"
    PAUSED = "paused", "paused"
    FROZEN = "frozen", "paused: payment"
    STUCK = "stuck", "stuck"
    STOPPED = "stopped", "stopped"
    FAILED = "failed", "failed"


RUNS: Final = for_operators(
    RunState,
    {
        RunState.WAITING_FOR_BRIEF: OperatorWords(
            tone="wait",
            heading="waiting for the brief",
            note="The buyer has not said yet which company and question it is about. "
            "Work begins with the answer.",
        ),
        RunState.PLANNING: OperatorWords(
            tone="info",
            heading="being planned",
            note="The agent reads the task and writes a plan. An owner approves it.",
        ),
        RunState.AWAITING_PLAN_APPROVAL: OperatorWords(
            tone="wait",
            heading="a plan waits for approval",
            note="Work begins once an owner approves the plan.",
        ),
        RunState.RUNNING: OperatorWords(
            tone="info",
            heading="in progress",
            note="The agent works along the approved plan.",
        ),
        RunState.AWAITING_REVIEW: OperatorWords(
            tone="wait",
            heading="to review",
            note="The work is handed in. An owner reviews and releases it.",
        ),
        RunState.DELIVERED: OperatorWords(
            tone="ok", heading="delivered", note="The work is released and the run is over."
        ),
        RunState.PAUSED: OperatorWords(
            tone="info", heading="paused", note="Nobody works on it until it is resumed."
        ),
        RunState.FROZEN: OperatorWords(
            tone="info", heading="paused", note="Nobody works on it until that is settled."
        ),
        RunState.STUCK: OperatorWords(
            tone="bad",
            heading="stuck",
            note="The agent gets no further. Retry it, or stop it.",
        ),
        RunState.STOPPED: OperatorWords(
            tone="bad", heading="stopped", note="It was stopped for good. Nothing more is done."
        ),
        RunState.FAILED: OperatorWords(
            tone="bad", heading="failed", note="It ended without a result. Nothing more is done."
        ),
    },
)

# The agent works in these, in one turn after another; in the next ones people do.
AT_WORK: Final = frozenset({RunState.PLANNING, RunState.RUNNING})
WITH_PEOPLE: Final = frozenset(
    {RunState.WAITING_FOR_BRIEF, RunState.AWAITING_PLAN_APPROVAL, RunState.AWAITING_REVIEW}
)
ENDED: Final = frozenset({RunState.DELIVERED, RunState.STOPPED, RunState.FAILED})
# They interrupt, and remember what.
INTERRUPTED: Final = frozenset({RunState.PAUSED, RunState.STUCK})
_AWAY: Final = frozenset({RunState.PAUSED, RunState.FROZEN, RunState.STOPPED, RunState.FAILED})
# Every edge of a run's life. What is not here cannot happen.
RUN_MOVES: Final[Moves] = MappingProxyType(
    {
        RunState.WAITING_FOR_BRIEF: _AWAY | {RunState.PLANNING},
        RunState.PLANNING: _AWAY | {RunState.AWAITING_PLAN_APPROVAL, RunState.STUCK},
        RunState.AWAITING_PLAN_APPROVAL: _AWAY | {RunState.PLANNING, RunState.RUNNING},
        RunState.RUNNING: _AWAY | {RunState.AWAITING_REVIEW, RunState.STUCK},
        RunState.AWAITING_REVIEW: _AWAY | {RunState.RUNNING, RunState.DELIVERED},
        RunState.PAUSED: frozenset(
            {*WITH_PEOPLE, *AT_WORK, RunState.FROZEN, RunState.STOPPED, RunState.FAILED}
        ),
        RunState.FROZEN: frozenset(
            {*WITH_PEOPLE, *AT_WORK, *INTERRUPTED, RunState.STOPPED, RunState.FAILED}
        ),
        RunState.STUCK: _AWAY | AT_WORK,
        RunState.DELIVERED: frozenset(),
        RunState.STOPPED: frozenset(),
        RunState.FAILED: frozenset(),
    }
)


class RunLimit(models.TextChoices):
    """A bound that a run reached."""

    STEPS = "steps", "tool calls"
    TOKENS = "tokens", "tokens"
    WALL_TIME = "wall_time", "working time"
    TURNS = "turns", "turns without progress"
    DEADLINE = "deadline", "the date until which it may act"


class FreezeReason(models.TextChoices):
    """Why nobody may work on an order for now."""

    DISPUTE = "dispute", "the payment is disputed, or the bank asks about it"
    REFUND = "refund", "the payment goes back to the buyer"
    REVIEW = "review", "a person has to look at the payment"


class BriefFrom(models.TextChoices):
    """Who said what a run is about."""

    BUYER = "buyer", "the buyer"
    LEAD = "lead", "the buyer's request, as it was accepted"
    COLLEAGUE = "colleague", "a colleague, for the buyer"


class RunEventKind(models.TextChoices):
    """What a line of a run's history is about."""

    PLANNED = "planned", "Run opened"
    BRIEF_GIVEN = "brief_given", "Brief given"
    DUE_SET = "due_set", "Due date set"
    TURN_OPENED = "turn_opened", "Turn opened"
    TURN_ENDED = "turn_ended", "Turn ended"
    TASK_READ = "task_read", "Task read by the agent"
    PLAN_SUBMITTED = "plan_submitted", "Plan submitted"
    PLAN_APPROVED = "plan_approved", "Plan approved"
    PLAN_REFUSED = "plan_refused", "Plan refused"
    SUBMITTED = "submitted", "Work handed in"
    SENT_BACK = "sent_back", "Sent back"
    RELEASED = "released", "Released"
    LIMIT_REACHED = "limit_reached", "Limit reached"
    STUCK = "stuck", "Stuck"
    RETRIED = "retried", "Retried"
    PAUSED = "paused", "Paused"
    UNPAUSED = "unpaused", "Resumed"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"
    FROZEN = "frozen", "Work paused"
    RESUMED = "resumed", "Work resumed"
    PAYMENT_HELD = "payment_held", "Payment refunded, disputed or in review after the end"
    PAYMENT_SETTLED = "payment_settled", "Payment settled after the end"


class SourceState(models.TextChoices):
    """Whether a run is given the words of a page that was read for it."""

    RELEASED = "released", "Released"
    QUARANTINED = "quarantined", "Quarantined"


SOURCES: Final = for_operators(
    SourceState,
    {
        SourceState.RELEASED: OperatorWords(tone="ok", note="Its run may read and quote it."),
        SourceState.QUARANTINED: OperatorWords(
            tone="bad",
            note="It contains words that address an agent. Its run gets none of them until a "
            "person releases it.",
        ),
    },
)
SOURCE_MOVES: Final[Moves] = MappingProxyType(
    {
        SourceState.RELEASED: frozenset(),
        SourceState.QUARANTINED: frozenset({SourceState.RELEASED}),
    }
)


class LookupKind(models.TextChoices):
    """What a run wants looked up on the web."""

    SEARCH = "search", "Search"
    FETCH = "fetch", "Page"


class LookupState(models.TextChoices):
    """Where a request for something on the web stands."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


LOOKUPS: Final = for_operators(
    LookupState,
    {
        LookupState.QUEUED: OperatorWords(tone="wait"),
        LookupState.RUNNING: OperatorWords(tone="wait"),
        LookupState.DONE: OperatorWords(tone="ok"),
        LookupState.FAILED: OperatorWords(tone="bad", note="Nothing was read."),
    },
)
LOOKUP_MOVES: Final[Moves] = MappingProxyType(
    {
        LookupState.QUEUED: frozenset({LookupState.RUNNING, LookupState.FAILED}),
        LookupState.RUNNING: frozenset(
            {LookupState.RUNNING, LookupState.QUEUED, LookupState.DONE, LookupState.FAILED}
        ),
        LookupState.DONE: frozenset(),
        LookupState.FAILED: frozenset(),
    }
)


class TurnPurpose(models.TextChoices):
    """What the agent is to do in one turn."""

    PLAN = "plan", "Plan"
    WORK = "work", "Work"
    REVISE = "revise", "Revise"


class TurnState(models.TextChoices):
    """Where one turn of the agent stands."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    RUNNING = "running", "Running"
    UNKNOWN = "unknown", "Unknown"
    ENDED = "ended", "Ended"


TURNS: Final = for_operators(
    TurnState,
    {
        TurnState.QUEUED: OperatorWords(tone="wait", note="It begins when a seat is free."),
        TurnState.SENDING: OperatorWords(tone="wait", note="It is being handed to the agent."),
        TurnState.RUNNING: OperatorWords(tone="info", note="The agent works on it."),
        TurnState.UNKNOWN: OperatorWords(
            tone="bad",
            note="The agent does not answer, so it may be working on it. It is looked for and not "
            "sent again.",
        ),
        TurnState.ENDED: OperatorWords(tone="off"),
    },
)
# Every edge of a turn's life. What is unknown is found, or given up; it is never sent again.
TURN_MOVES: Final[Moves] = MappingProxyType(
    {
        TurnState.QUEUED: frozenset({TurnState.SENDING, TurnState.ENDED}),
        TurnState.SENDING: frozenset(
            {TurnState.SENDING, TurnState.RUNNING, TurnState.UNKNOWN, TurnState.ENDED}
        ),
        TurnState.RUNNING: frozenset({TurnState.RUNNING, TurnState.UNKNOWN, TurnState.ENDED}),
        TurnState.UNKNOWN: frozenset({TurnState.UNKNOWN, TurnState.RUNNING, TurnState.ENDED}),
        TurnState.ENDED: frozenset(),
    }
)


class TurnOutcome(models.TextChoices):
    """How a turn ended. Whether its work was done, our own records of calls say, never this."""

    COMPLETED = "completed", "The agent said that it was done"
    FAILED = "failed", "The agent failed"
    CANCELLED = "cancelled", "Stopped"
    LOST = "lost", "The agent was restarted, or did not answer any more"
    NOT_SENT = "not_sent", "It did not reach the agent"


class TurnStop(models.TextChoices):
    """Why a turn was stopped before its end."""

    TIME = "time", "Its time was over"
    STEPS = "steps", "It made as many calls as it may"
    TOKENS = "tokens", "It used as many tokens as it may"
    ASKED = "asked", "Its run was stopped or paused"


class SectionKind(models.TextChoices):
    """The sections of a snapshot that are submitted."""

    OVERVIEW = "overview", "Overview"
    CHANNELS = "channels", "Channels"
    LOSS = "loss", "Where most are lost"
    MOVES = "moves", "Three moves"


class DeliverableKind(models.TextChoices):
    """What a run hands in."""

    SNAPSHOT = "snapshot", "Snapshot"


class DeliverableState(models.TextChoices):
    """Where a document stands that a run handed in."""

    IN_REVIEW = "in_review", "To review"
    RELEASED = "released", "Released"
    SENT_BACK = "sent_back", "Sent back"
    SUPERSEDED = "superseded", "Superseded"
    WITHDRAWN = "withdrawn", "Withdrawn"


DELIVERABLES: Final = for_operators(
    DeliverableState,
    {
        DeliverableState.IN_REVIEW: OperatorWords(
            tone="wait", note="An owner reads it, and releases it or sends it back."
        ),
        DeliverableState.RELEASED: OperatorWords(tone="ok", note="Its reader has it."),
        DeliverableState.SENT_BACK: OperatorWords(tone="info", note="The agent works on it again."),
        DeliverableState.SUPERSEDED: OperatorWords(
            tone="info", note="A newer version took its place before it was released."
        ),
        DeliverableState.WITHDRAWN: OperatorWords(
            tone="info", note="Its run ended before it was released."
        ),
    },
)
DELIVERABLE_MOVES: Final[Moves] = MappingProxyType(
    {
        DeliverableState.IN_REVIEW: frozenset(
            {
                DeliverableState.RELEASED,
                DeliverableState.SENT_BACK,
                DeliverableState.SUPERSEDED,
                DeliverableState.WITHDRAWN,
            }
        ),
        DeliverableState.RELEASED: frozenset(),
        DeliverableState.SENT_BACK: frozenset(),
        DeliverableState.SUPERSEDED: frozenset(),
        DeliverableState.WITHDRAWN: frozenset(),
    }
)


class RuntimeState(models.TextChoices):
    """How the agent's runtime stands."""

    SETTING_UP = "setting_up", "Being set up"
    NOT_INSTALLED = "not_installed", "Not installed"
    AWAY = "away", "No answer"
    REFUSED = "refused", "Refused"
    READY = "ready", "Ready"


RUNTIMES: Final = for_operators(
    RuntimeState,
    {
        RuntimeState.SETTING_UP: OperatorWords(
            tone="wait", heading="The agent is being set up", note="Work begins when it is ready."
        ),
        RuntimeState.NOT_INSTALLED: OperatorWords(
            tone="bad",
            heading="The agent could not be installed",
            note="It is tried again. Check the network; hermes-install.log in the log folder says "
            "more. Everything else works without it.",
        ),
        RuntimeState.AWAY: OperatorWords(
            tone="bad",
            heading="The agent does not answer",
            note="Work waits until it does.",
        ),
        RuntimeState.REFUSED: OperatorWords(
            tone="bad",
            heading="The agent gets no work",
            note="It must have no tools but ours, no skills, and have listed our tools on every "
            "lane.",
        ),
        RuntimeState.READY: OperatorWords(
            tone="ok", heading="The agent is ready", note="It has no tools but ours."
        ),
    },
)

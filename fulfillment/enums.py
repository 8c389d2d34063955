"""The words of the work: where a run stands, why it is frozen, what its events say."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.db import models

from kernel.state_words import OperatorWords, for_operators

if TYPE_CHECKING:  # an app's config reads these words before there are models
    from kernel.transitions import Moves


class RunState(models.TextChoices):
    """Where a run stands. Nothing is done before a person approves its plan."""

    PLANNED = "planned", "planned"
    FROZEN = "frozen", "paused"


RUNS: Final = for_operators(
    RunState,
    {
        RunState.PLANNED: OperatorWords(
            tone="info",
            heading="planned",
            note="Nothing has been done yet, and nothing will be before a person approves the "
            "plan.",
        ),
        RunState.FROZEN: OperatorWords(
            tone="info",
            heading="paused",
            note="Nobody works on it until that is settled.",
        ),
    },
)

# Every edge of a run's life. What is not here cannot happen.
RUN_MOVES: Final[Moves] = MappingProxyType(
    {
        RunState.PLANNED: frozenset({RunState.FROZEN}),
        RunState.FROZEN: frozenset({RunState.PLANNED}),
    }
)


class FreezeReason(models.TextChoices):
    """Why nobody may work on an order for now."""

    DISPUTE = "dispute", "the payment is disputed, or the bank asks about it"
    REFUND = "refund", "the payment goes back to the buyer"
    REVIEW = "review", "a person has to look at the payment"


class RunEventKind(models.TextChoices):
    """What a line of a run's history is about."""

    PLANNED = "planned", "Run planned"
    FROZEN = "frozen", "Work paused"
    RESUMED = "resumed", "Work resumed"


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

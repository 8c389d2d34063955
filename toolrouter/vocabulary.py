"""The words of the router, each with one meaning. Imports no Django: the policy speaks them too."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Risk(StrEnum):
    """What an operation can do, at worst."""

    READ = "read"
    DRAFT = "draft"
    INTERNAL_WRITE = "internal_write"
    OUTBOUND = "outbound"
    SPEND = "spend"
    PROVISIONING = "provisioning"
    FORBIDDEN = "forbidden"  # never an agent's, whatever anybody approves

    @property
    def needs_person(self) -> bool:
        """Say whether nothing of this class is done before a person said yes to it."""
        return self in (Risk.OUTBOUND, Risk.SPEND, Risk.PROVISIONING)

    @property
    def costs_money(self) -> bool:
        """Say whether caps hold it."""
        return self in (Risk.SPEND, Risk.PROVISIONING)


class RunKind(StrEnum):
    """What a grant's run is for."""

    SALES = "sales"
    FULFILMENT = "fulfilment"
    TRIAL = "trial"


class Posture(StrEnum):
    """How much an agent may do at all, the loosest first."""

    NORMAL = "normal"
    DRAFT_ONLY = "draft_only"
    READ_ONLY = "read_only"
    HOLD = "hold"


class Readiness(StrEnum):
    """How far a provider was proved to work, under the key that it has now."""

    NOT_CONFIGURED = "not_configured"
    CONFIGURED = "configured"
    SECRET_STORED = "secret_stored"  # noqa: S105  # a word, not a secret
    SANDBOX_VERIFIED = "sandbox_verified"
    TEST_VERIFIED = "test_verified"
    LIVE_VERIFIED = "live_verified"
    ATTESTED = "attested"  # has no programme to ask: a person vouches for it


class Decision(StrEnum):
    """What the policy says."""

    ALLOW = "allow"
    NEEDS_APPROVAL = "needs_approval"
    DENY = "deny"


class Status(StrEnum):
    """What an agent is told of a call."""

    DONE = "done"
    IN_PROGRESS = "in_progress"
    NEEDS_APPROVAL = "needs_approval"
    DENIED = "denied"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"


class Code(StrEnum):
    """Why a call was denied, or did not come to what was asked; the most severe first.

    Agents and tests from outside know these words: more may be added, none is renamed.
    """

    FORBIDDEN_OPERATION = "forbidden_operation"
    MALFORMED = "malformed"
    WRONG_RUN = "wrong_run"
    UNKNOWN_OPERATION = "unknown_operation"
    NOT_CONFIGURED = "not_configured"
    STOPPED = "stopped"
    HOLD = "hold"
    FROZEN = "frozen"
    DEADLINE = "deadline"
    NOT_GRANTED = "not_granted"
    NOT_FOUND = "not_found"
    SUBJECT_GONE = "subject_gone"
    POSTURE = "posture"
    GATE_CLOSED = "gate_closed"
    NOT_READY = "not_ready"
    SHOWN_TEXT = "shown_text"
    SUPPRESSED = "suppressed"
    NOT_POSSIBLE = "not_possible"
    NO_CAP = "no_cap"
    OVER_CAP = "over_cap"
    FUNDING = "funding"
    NO_APPROVER = "no_approver"
    RECENTLY_REFUSED = "recently_refused"
    TOO_MANY = "too_many"
    # What became of a call that was not denied at once.
    REFUSED = "refused"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"


_SEVERITY = {code: place for place, code in enumerate(Code)}


def most_severe_first(codes: Iterable[Code]) -> tuple[Code, ...]:
    """Return each of ``codes`` once, the most severe first."""
    return tuple(sorted(set(codes), key=_SEVERITY.__getitem__))

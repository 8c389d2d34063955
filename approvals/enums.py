"""The words of approvals: where a request stands, what people decide, how they prove it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.db import models

from kernel import canonical
from kernel.state_words import OperatorWords, for_operators

if TYPE_CHECKING:  # an app's config reads these words before there are models
    from kernel.transitions import Moves

FIELDS_VERSION: Final = f"fields-1:{canonical.VERSION}"  # how what was approved is hashed


class RequestState(models.TextChoices):
    """Where a request stands."""

    PENDING = "pending", "waiting"
    APPROVED = "approved", "approved"
    CONSUMED = "consumed", "used"
    REFUSED = "refused", "refused"
    EXPIRED = "expired", "expired"
    REVOKED = "revoked", "revoked"
    SUPERSEDED = "superseded", "superseded"


# Every edge of a request's life. What is not here cannot happen.
REQUEST_MOVES: Final[Moves] = MappingProxyType(
    {
        RequestState.PENDING: frozenset(
            {
                RequestState.APPROVED,
                RequestState.REFUSED,
                RequestState.EXPIRED,
                RequestState.SUPERSEDED,
            }
        ),
        RequestState.APPROVED: frozenset(
            {RequestState.CONSUMED, RequestState.REVOKED, RequestState.EXPIRED}
        ),
        RequestState.CONSUMED: frozenset(),
        RequestState.REFUSED: frozenset(),
        RequestState.EXPIRED: frozenset(),
        RequestState.REVOKED: frozenset(),
        RequestState.SUPERSEDED: frozenset(),
    }
)

REQUESTS: Final = for_operators(
    RequestState,
    {
        RequestState.PENDING: OperatorWords(
            tone="wait", heading="waiting for a decision", note="Nothing happens until then."
        ),
        RequestState.APPROVED: OperatorWords(
            tone="ok",
            heading="approved",
            note="It runs when the waiting time is over. Until then it can be revoked.",
        ),
        RequestState.CONSUMED: OperatorWords(
            tone="ok", heading="approved and used", note="This approval cannot be used again."
        ),
        RequestState.REFUSED: OperatorWords(
            tone="bad", heading="refused", note="Nothing was done."
        ),
        RequestState.EXPIRED: OperatorWords(
            tone="info", heading="expired", note="Nothing was done."
        ),
        RequestState.REVOKED: OperatorWords(
            tone="bad", heading="revoked", note="It was approved, then revoked. Nothing was done."
        ),
        RequestState.SUPERSEDED: OperatorWords(
            tone="info", heading="superseded", note="A newer request replaced it."
        ),
    },
)


class Verdict(models.TextChoices):
    """What a person said."""

    APPROVE = "approve", "approved"
    REFUSE = "refuse", "refused"


class Factor(models.TextChoices):
    """By what a person proved, for this one decision, who they are."""

    PASSWORD = "password", "password"  # a word, not a password
    CODE = "code", "code from an app"
    RECOVERY_CODE = "recovery_code", "recovery code"
    PASSKEY = "passkey", "passkey"


class Why(models.TextChoices):
    """Why a request was closed without a person's word, or an approval was not used."""

    DECIDE_BY = "decide_by", "nobody decided in time"
    EXECUTE_BY = "execute_by", "it could not run in time after its approval"
    STOPPED = "stopped", "agents were stopped"
    HOLD = "hold", "agents are on hold"
    SUBJECT_GONE = "subject_gone", "the person that it names was erased"
    VERSION_GONE = "version_gone", "this version no longer shows it as it was shown"
    RESTORED = "restored", "the database was restored from a backup"
    EDITED = "edited", "somebody edited it"
    NOT_ALLOWED = "not_allowed", "what holds now does not allow it"
    CHANGED = "changed", "what would run is no longer what was approved"
    APPROVER_LEFT = "approver_left", "an approver may no longer decide"

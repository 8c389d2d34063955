"""The words of what agents may do: postures, scopes, caps, tokens, stops and incidents."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.db import models

from kernel.state_words import OperatorWords, for_operators
from toolrouter.vocabulary import Posture as Posture
from toolrouter.vocabulary import Readiness
from toolrouter.vocabulary import RunKind as RunKind

if TYPE_CHECKING:  # an app's config reads these words before there are models
    from collections.abc import Mapping

    from kernel.transitions import Moves

# From the freest to the strictest.
STRICTNESS: Final = tuple(Posture)
POSTURES: Final = [
    (Posture.NORMAL.value, "Normal"),
    (Posture.DRAFT_ONLY.value, "Draft only"),
    (Posture.READ_ONLY.value, "Read only"),
    (Posture.HOLD.value, "Hold"),
]
POSTURE_NOTES: Final[Mapping[str, str]] = {
    Posture.NORMAL: "Agents may do what caps, approvals and settings allow.",
    Posture.DRAFT_ONLY: "Agents read, draft and write notes. Nothing goes out, nothing is spent.",
    Posture.READ_ONLY: "Agents only read.",
    Posture.HOLD: "Agents do nothing.",
}


class Scope(models.TextChoices):
    """What a posture, a stop or an incident is about."""

    ACCOUNT = "account", "Account"
    PROJECT = "project", "Project"
    RUN = "run", "Run"


class CapScope(models.TextChoices):
    """What a spending cap bounds; each run of a project gets a copy of the project's."""

    ACCOUNT = "account", "Account"
    PROJECT = "project", "Project"
    EACH_RUN = "each_run", "Each run of the project"
    RUN = "run", "Run"


class CapWindow(models.TextChoices):
    """The time over which a cap counts what was spent."""

    DAY = "24h", "24 hours"
    MONTH = "30d", "30 days"
    LIFETIME = "lifetime", "In all"


class Family(models.TextChoices):
    """A family of operations that spend. Caps never mix two."""

    PURCHASE = "purchase", "Purchases"


# How far a provider was proved to work, to operators.
READINESS: Final[Mapping[Readiness, OperatorWords]] = MappingProxyType(
    {
        Readiness.NOT_CONFIGURED: OperatorWords(
            tone="off", badge="Not set up", note="Calls that need it are denied."
        ),
        Readiness.CONFIGURED: OperatorWords(
            tone="wait", badge="Configured", note="It was not tested yet."
        ),
        Readiness.SECRET_STORED: OperatorWords(
            tone="wait",
            badge="Key not tested",
            note="Agents' calls to this provider are denied until the key was tested.",
        ),
        Readiness.SANDBOX_VERIFIED: OperatorWords(
            tone="ok",
            badge="Tested in the sandbox",
            note="It answers. No real money moves.",
        ),
        Readiness.TEST_VERIFIED: OperatorWords(
            tone="ok",
            badge="Tested in test mode",
            note="It answers. No real money moves.",
        ),
        Readiness.LIVE_VERIFIED: OperatorWords(
            tone="ok", badge="Tested live", note="It answers in live mode."
        ),
        Readiness.ATTESTED: OperatorWords(
            tone="ok",
            badge="Attested",
            note="This cannot be tested automatically. An owner confirmed that it is ready; any "
            "owner can take that back.",
        ),
    }
)
RUN_KINDS: Final = [
    (RunKind.SALES.value, "Sales"),
    (RunKind.FULFILMENT.value, "Fulfilment"),
    (RunKind.TRIAL.value, "Trial"),
]


class Setting(models.TextChoices):
    """A safety setting, as its history names it."""

    POSTURE = "posture", "Posture"
    OUTREACH = "outreach", "Outreach"
    SPEND = "spend", "Spend"
    FUNDING_SHARE = "funding_share", "Funding share (%)"
    TWO_PEOPLE_FROM = "two_people_from", "Two people decide from"
    DECIDE_OUTBOUND_H = "decide_outbound_h", "Hours to decide: outbound"
    DECIDE_SPEND_H = "decide_spend_h", "Hours to decide: spend"
    DECIDE_PROVISIONING_H = "decide_provisioning_h", "Hours to decide: provisioning"
    CAP_RAISER_WAITS = "cap_raiser_waits", "Whoever raises a cap waits 24 hours"
    CAP = "cap", "Cap"


class IncidentKind(models.TextChoices):
    """Why a person has to look before agents go on."""

    MISMATCH = "mismatch", "The provider's record differs"
    MODE = "mode", "The provider answered in another mode"
    OVER_CAP = "over_cap", "More was spent than the cap"
    LOST_CREDENTIAL = "lost_credential", "A credential was lost"
    LEGAL = "legal", "Legal"
    RESTORE = "restore", "Restored from a backup"
    CALLED_OFF = "called_off", "Bought although it was called off"


class TokenStanding(models.TextChoices):
    """Whether a run token lets anybody in, and if not, why."""

    OPEN = "open", "Active"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"
    STOPPED = "stopped", "Ended by a stop"
    ENDED = "ended", "The run has ended"


class TokenEnd(models.TextChoices):
    """Who ended a token before its time."""

    REVOKED = "revoked", "revoked by a person"
    STOPPED = "stopped", "ended by a stop"


class ReceiptState(models.TextChoices):
    """What the provider's own record says of what was done."""

    PENDING = "pending", "Not read yet"
    MATCHED = "matched", "As approved"
    MISMATCHED = "mismatched", "Differs"
    DECLARED = "declared", "Declared by a person"


RECEIPTS: Final = for_operators(
    ReceiptState,
    {
        ReceiptState.PENDING: OperatorWords(
            tone="wait", note="The provider's own record was not read yet."
        ),
        ReceiptState.MATCHED: OperatorWords(
            tone="ok", note="The provider's own record says what was approved."
        ),
        ReceiptState.MISMATCHED: OperatorWords(
            tone="bad", note="The provider's own record differs. The project is on hold."
        ),
        ReceiptState.DECLARED: OperatorWords(
            tone="info",
            note="Entered by a person. There is no provider's record to compare.",
        ),
    },
)
RECEIPT_MOVES: Final[Moves] = MappingProxyType(
    {
        ReceiptState.PENDING: frozenset({ReceiptState.MATCHED, ReceiptState.MISMATCHED}),
        ReceiptState.MATCHED: frozenset(),
        ReceiptState.MISMATCHED: frozenset(),
        ReceiptState.DECLARED: frozenset(),
    }
)


class PurchaseState(models.TextChoices):
    """What became of what a person was to buy."""

    TO_BUY = "to_buy", "To buy"
    BOUGHT = "bought", "Bought"
    NOT_BOUGHT = "not_bought", "Not bought"
    CANCELLED = "cancelled", "Cancelled"


PURCHASES: Final = for_operators(
    PurchaseState,
    {
        PurchaseState.TO_BUY: OperatorWords(
            tone="wait",
            heading="Buy this",
            note="It was approved. Buy it, then enter here what you paid.",
        ),
        PurchaseState.BOUGHT: OperatorWords(
            tone="ok", heading="This was bought", note="The payment is booked."
        ),
        PurchaseState.NOT_BOUGHT: OperatorWords(
            tone="off", heading="This was not bought", note="The reserved money is free again."
        ),
        PurchaseState.CANCELLED: OperatorWords(
            tone="off", heading="This was cancelled", note="The reserved money is free again."
        ),
    },
)
DO_NOT_BUY: Final = OperatorWords(
    tone="bad",
    badge="Do not buy",
    heading="Do not buy this",
    note="Agents were stopped, held or paused after it was approved. Close it as not bought. If "
    "it was bought already, enter what was paid.",
)
PURCHASE_MOVES: Final[Moves] = MappingProxyType(
    {
        PurchaseState.TO_BUY: frozenset(
            {PurchaseState.BOUGHT, PurchaseState.NOT_BOUGHT, PurchaseState.CANCELLED}
        ),
        PurchaseState.BOUGHT: frozenset(),
        PurchaseState.NOT_BOUGHT: frozenset(),
        PurchaseState.CANCELLED: frozenset(),
    }
)


class OffWhy(models.TextChoices):
    """Why something that was approved must not be bought any more, the gravest first."""

    STOPPED = "stopped", "agents were stopped"
    HOLD = "hold", "agents are on hold"
    FROZEN = "frozen", "the run is paused because of its payment"
    ERASED = "erased", "its description was erased"


class Category(models.TextChoices):
    """What kind of expense a purchase is: the second half of its account."""

    DATA = "data", "Data"
    SOFTWARE = "software", "Software"
    HOSTING = "hosting", "Hosting"
    RESEARCH = "research", "Research"
    ADVERTISING = "advertising", "Advertising"
    SERVICES = "services", "Services"
    OTHER = "other", "Other"


class FileKind(models.TextChoices):
    """What kind of file a receipt is, by its content."""

    PDF = "pdf", "PDF"
    PNG = "png", "PNG"
    JPEG = "jpeg", "JPEG"


class CallState(models.TextChoices):
    """Where a tool call stands."""

    NEEDS_APPROVAL = "needs_approval", "Waiting for approval"
    APPROVED = "approved", "Approved"
    EXECUTING = "executing", "Executing"
    DONE = "done", "Done"
    DENIED = "denied", "Denied"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Outcome unknown"


CALLS: Final = for_operators(
    CallState,
    {
        CallState.NEEDS_APPROVAL: OperatorWords(
            tone="wait", note="Nothing happens before a person has approved it."
        ),
        CallState.APPROVED: OperatorWords(
            tone="wait", note="It runs when the waiting time is over. Until then it can be revoked."
        ),
        CallState.EXECUTING: OperatorWords(tone="wait", note="The request is at the provider."),
        CallState.DONE: OperatorWords(tone="ok"),
        CallState.DENIED: OperatorWords(tone="bad", note="Nothing was done."),
        CallState.FAILED: OperatorWords(tone="bad", note="The provider refused. Nothing was done."),
        CallState.UNKNOWN: OperatorWords(
            tone="bad",
            note="The provider did not answer, so it may have been done. It is checked in the "
            "provider's own records and not tried again.",
        ),
    },
)

# Every edge of a call's life. What is decided at once begins where it ends, and no edge leads out
# of there: a call is never tried again. What is unknown is closed by the provider's records. In a
# restored database that is all that is open, for it may have run after the backup.
CALL_MOVES: Final[Moves] = MappingProxyType(
    {
        CallState.NEEDS_APPROVAL: frozenset(
            {CallState.APPROVED, CallState.DENIED, CallState.UNKNOWN}
        ),
        CallState.APPROVED: frozenset({CallState.EXECUTING, CallState.DENIED, CallState.UNKNOWN}),
        CallState.EXECUTING: frozenset({CallState.DONE, CallState.FAILED, CallState.UNKNOWN}),
        CallState.UNKNOWN: frozenset({CallState.DONE, CallState.FAILED}),
        CallState.DONE: frozenset(),
        CallState.DENIED: frozenset(),
        CallState.FAILED: frozenset(),
    }
)


class ReservationState(models.TextChoices):
    """What became of money that was set aside for a spend."""

    OPEN = "open", "Reserved"
    SETTLED = "settled", "Settled"
    RELEASED = "released", "Released"


RESERVATIONS: Final = for_operators(
    ReservationState,
    {
        ReservationState.OPEN: OperatorWords(
            tone="wait", note="Counts against its caps until the outcome is known."
        ),
        ReservationState.SETTLED: OperatorWords(
            tone="ok", note="What was captured counts against its caps; the rest is free."
        ),
        ReservationState.RELEASED: OperatorWords(
            tone="off", note="Nothing was spent. All of it is free again."
        ),
    },
)
RESERVATION_MOVES: Final[Moves] = MappingProxyType(
    {
        ReservationState.OPEN: frozenset({ReservationState.SETTLED, ReservationState.RELEASED}),
        ReservationState.SETTLED: frozenset(),
        ReservationState.RELEASED: frozenset(),
    }
)

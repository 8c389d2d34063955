"""The words of what agents may do: postures, scopes, caps, tokens, stops and incidents."""

from __future__ import annotations

from typing import Final

from django.db import models

from toolrouter.vocabulary import Posture as Posture
from toolrouter.vocabulary import RunKind as RunKind

# From the freest to the strictest.
STRICTNESS: Final = tuple(Posture)
POSTURES: Final = [
    (Posture.NORMAL.value, "Normal"),
    (Posture.DRAFT_ONLY.value, "Draft only"),
    (Posture.READ_ONLY.value, "Read only"),
    (Posture.HOLD.value, "Hold"),
]
POSTURE_NOTES: Final = {
    Posture.NORMAL: "Policy, approvals and caps decide.",
    Posture.DRAFT_ONLY: "Agents read, draft and write notes. Nothing leaves the house.",
    Posture.READ_ONLY: "Agents only read.",
    Posture.HOLD: "Agents may do nothing, and nothing approved is executed.",
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

"""The states of mails and of alerts, and the queues that mails stand in."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.db import models

from kernel.state_words import OperatorWords, for_operators

if TYPE_CHECKING:  # an app's config reads these words before there are models
    from kernel.transitions import Moves


class MailState(models.TextChoices):
    """Where a mail stands. ``unknown``: it may have left; only a person sends it again."""

    QUEUED = "queued", "queued"
    SENDING = "sending", "sending"
    SENT = "sent", "sent"
    UNKNOWN = "unknown", "unknown"
    FAILED = "failed", "failed"
    OVERTAKEN = "overtaken", "skipped (out of date)"  # never sent


# What may have left or did not, and leaves again only if a person says so.
UNSENT: Final = (MailState.UNKNOWN, MailState.FAILED)

MAIL_MOVES: Moves = MappingProxyType(
    {
        MailState.QUEUED: frozenset({MailState.SENDING, MailState.FAILED}),
        MailState.SENDING: frozenset(
            {
                MailState.SENT,
                MailState.QUEUED,
                MailState.UNKNOWN,
                MailState.FAILED,
                MailState.OVERTAKEN,
            }
        ),
        MailState.UNKNOWN: frozenset({MailState.QUEUED}),
        MailState.FAILED: frozenset({MailState.QUEUED}),
        MailState.SENT: frozenset(),
        MailState.OVERTAKEN: frozenset(),
    }
)

MAILS: Final = for_operators(
    MailState,
    {
        MailState.QUEUED: OperatorWords(
            tone="wait", note="It leaves within seconds, or when its next try is due."
        ),
        MailState.SENDING: OperatorWords(
            tone="wait", note="It is being handed to the mail server."
        ),
        MailState.SENT: OperatorWords(tone="ok", note="The mail server took it."),
        MailState.UNKNOWN: OperatorWords(
            tone="wait",
            note="It may have left: the mail server never answered. It is sent again only if you "
            "say so.",
        ),
        MailState.FAILED: OperatorWords(
            tone="bad", note="It did not leave. Correct what is wrong, then send it again."
        ),
        MailState.OVERTAKEN: OperatorWords(
            tone="off", note="It was not sent, because it was no longer true when its turn came."
        ),
    },
)
MAIL_KEPT_HERE: Final = "It was written to a file on this machine: no mail server is set up."


class ToldAs(models.TextChoices):
    """How operators got to know of an alert: a mail of its own, or a line of a digest."""

    SINGLE = "single", "a mail of its own"
    DIGEST = "digest", "a line of a digest"


class AlertStanding(models.TextChoices):
    """Where an alert stands; ``ended`` is what went away by itself."""

    OPEN = "open", "Open"
    SNOOZED = "snoozed", "Snoozed"
    DISMISSED = "dismissed", "Dismissed"
    ENDED = "ended", "Ended"


ALERTS: Final = for_operators(
    AlertStanding,
    {
        AlertStanding.OPEN: OperatorWords(tone="wait"),
        AlertStanding.SNOOZED: OperatorWords(tone="off"),
        AlertStanding.DISMISSED: OperatorWords(tone="off", note="It is on nobody’s list."),
        AlertStanding.ENDED: OperatorWords(
            tone="off", note="What it was about has ended, so it left the list by itself."
        ),
    },
)


class Lane(models.TextChoices):
    """One queue of mails to the team beside others: none waits for what stands in another."""

    ACCESS = "access", "to get in"  # somebody waits for it
    ACCOUNT = "account", "about an account"
    ALERTS = "alerts", "alerts"  # to all who hear of them, for as long as it takes
    DECISIONS = "decisions", "to decide"  # its time runs

"""A mail as a row, from when it is queued until it has left."""

from __future__ import annotations

from django.db import models

from kernel.leases import Leased
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from notices.enums import MAIL_MOVES, MAILS, MailState


class QueuedMail(Stateful, Leased):
    """What the table of every outbox holds of one mail; whom it is for and what it says is its own.

    No text is kept: it is written when the mail leaves.
    """

    MOVES = MAIL_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    state = models.CharField(max_length=12, choices=MailState.choices, default=MailState.QUEUED)
    message_id = models.CharField(max_length=255, default="", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    error_class = models.CharField(max_length=100, default="", blank=True)
    queued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return MAILS[self.state]

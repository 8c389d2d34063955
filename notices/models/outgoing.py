"""Mails to the team."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from notices.enums import Lane, MailState
from notices.rows import QueuedMail

OPEN = (MailState.QUEUED, MailState.SENDING)
OVER = (MailState.SENT, MailState.OVERTAKEN)


class OutgoingMail(QueuedMail):
    """One mail to one person of the team, at most once per ``key``; its text is kept nowhere.

    One of the lane of alerts is a letter to all who hear of what it tells (``OperatorAlert.mail``).
    A typed address, known or not, waits in ``to_address`` until the mail's turn comes: only then
    is asked whose it is. What nobody has is deleted.
    """

    kind = models.CharField(max_length=60, help_text="As registered (notices.outbox.kinds).")
    key = models.CharField(max_length=255, unique=True, help_text="What it is about; once.")
    lane = models.CharField(max_length=12, choices=Lane.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    to_address = models.CharField(max_length=320, default="", blank=True)
    facts = models.JSONField(default=dict, blank=True)
    worth_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=MailState.values), name="outgoing_mail_state_known"
            ),
            models.CheckConstraint(
                condition=Q(lane__in=Lane.values), name="outgoing_mail_lane_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, next_attempt_at__isnull=False)
                | (~Q(state__in=OPEN) & Q(next_attempt_at__isnull=True)),
                name="outgoing_mail_due_iff_open",
            ),
            models.CheckConstraint(
                condition=Q(state=MailState.SENT, sent_at__isnull=False)
                | (~Q(state=MailState.SENT) & Q(sent_at__isnull=True)),
                name="outgoing_mail_sent_iff_it_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=OVER) | Q(to_address="", facts={}),
                name="outgoing_mail_forgets_what_has_left",
            ),
            models.CheckConstraint(
                condition=Q(lane=Lane.ALERTS, worth_until=None, user=None, to_address="")
                | (~Q(lane=Lane.ALERTS) & Q(worth_until__isnull=False)),
                name="outgoing_mail_to_all_for_ever_iff_of_alerts",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "next_attempt_at"],
                condition=Q(state__in=OPEN),
                name="outgoing_mail_due",
            ),
            models.Index(fields=["user", "-id"], name="outgoing_mail_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} mail {self.reference}"

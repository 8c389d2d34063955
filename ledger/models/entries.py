"""What happened, and the money that moved with it. Written once, never changed."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kernel.append_only import AppendOnly, AppendOnlyManager, AppendOnlyQuerySet
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from ledger.enums import EntryKind


class LedgerEntry(AppendOnly):
    """One thing that happened: references, enums, numbers and times.

    ``operations.record`` writes it. There is at most one entry per
    ``key``, which names the fact and never the attempt.
    """

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    key = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    event = models.CharField(max_length=122, help_text="the verb: order.paid, refund.booked")
    subject = models.CharField(max_length=255, help_text="the record it happened to")
    refs = ArrayField(models.CharField(max_length=255), default=list, help_text="other records")
    facts = models.JSONField(default=dict)
    mode = mode_field()
    trace_ref = models.CharField(max_length=LENGTH_MAX, blank=True)
    occurred_at = models.DateTimeField(help_text="when it happened, as its source says")
    recorded_at = models.DateTimeField(help_text="when we wrote it down")
    content_hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["trace_ref", "id"], name="ledger_entries_of_a_trace"),
            models.Index(fields=["subject", "id"], name="ledger_entries_of_a_subject"),
            models.Index(fields=["kind", "mode", "id"], name="ledger_entries_by_kind"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="ledger_one_entry_per_key"),
            models.UniqueConstraint(fields=["reference"], name="ledger_one_entry_per_reference"),
            models.CheckConstraint(
                condition=Q(kind__in=EntryKind.values), name="ledger_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="ledger_mode_is_known"),
            models.CheckConstraint(
                condition=Q(key__regex=r"^[A-Za-z0-9_.:/-]+$"), name="ledger_key_is_no_sentence"
            ),
            models.CheckConstraint(
                condition=Q(event__regex=r"^[a-z_.]+$"), name="ledger_event_is_a_word"
            ),
            models.CheckConstraint(
                condition=Q(subject__regex=r"^[A-Za-z0-9_:]+$"), name="ledger_subject_is_a_ref"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.subject}"


class AuditEventManager(AppendOnlyManager["AuditEvent"]):
    """The entries of kind ``audit``."""

    def get_queryset(self) -> AppendOnlyQuerySet[AuditEvent]:
        """Return the audit entries only."""
        return super().get_queryset().filter(kind=EntryKind.AUDIT)


class SpendEventManager(AppendOnlyManager["SpendEvent"]):
    """The entries of kind ``spend``."""

    def get_queryset(self) -> AppendOnlyQuerySet[SpendEvent]:
        """Return the spend entries only."""
        return super().get_queryset().filter(kind=EntryKind.SPEND)


class AuditEvent(LedgerEntry):
    """Who did what: the entries of kind ``audit``."""

    objects: ClassVar[AuditEventManager] = AuditEventManager()

    class Meta:
        proxy = True
        verbose_name = "audit event"

    @property
    def actor(self) -> str:
        """Who acted: ``user:7``, a run's reference, or ``system``."""
        return str(self.facts.get("actor", "system"))


class SpendEvent(LedgerEntry):
    """What agents spent: the entries of kind ``spend``."""

    objects: ClassVar[SpendEventManager] = SpendEventManager()

    class Meta:
        proxy = True
        verbose_name = "spend event"


class Posting(AppendOnly):
    """One leg of an entry: signed money on an account; debits are positive, credits negative.

    A deferred trigger holds that the legs of an entry sum to zero in each currency.
    """

    entry = models.ForeignKey(LedgerEntry, models.PROTECT, related_name="postings", db_index=False)
    account = models.CharField(max_length=160, db_collation="C")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        indexes = [models.Index(fields=["account", "entry"], name="ledger_legs_on_account")]
        constraints = [
            models.UniqueConstraint(fields=["entry", "account"], name="ledger_one_leg_per_account"),
            models.CheckConstraint(
                condition=Q(account__regex=r"^[a-z0-9_:]+$"), name="ledger_account_is_a_path"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="ledger_currency_is_iso"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount_minor} {self.currency}"


class UnsealedEntry(models.Model):
    """The sealer's list: entries that no seal covers yet. A trigger adds, the sealer takes off.

    Not history: ``manage.py seal_ledger --rebuild`` can make it anew from the entries.
    """

    entry = models.OneToOneField(
        LedgerEntry, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )

    def __str__(self) -> str:
        return f"unsealed {self.entry_id}"


class Balance(models.Model):
    """The sum of all sealed legs of one account, mode and currency: a running total.

    Not history: the sealer keeps it, ``verify_ledger`` compares it with the legs, and
    ``manage.py seal_ledger --rebuild`` can make it anew.
    """

    mode = models.CharField(max_length=8, choices=Mode.choices)
    account = models.CharField(max_length=160, db_collation="C")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mode", "account", "currency"], name="ledger_one_balance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mode} {self.account} {self.amount_minor} {self.currency}"

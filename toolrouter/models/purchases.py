"""What a person is to buy by hand, the receipt of it, and which payees an owner knows."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from kernel.shown_text import DOMAIN_CHARS_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from toolrouter.enums import (
    PURCHASE_MOVES,
    PURCHASES,
    Category,
    FileKind,
    OffWhy,
    PurchaseState,
)
from toolrouter.models.calls import ToolCall
from toolrouter.models.incidents import Incident
from toolrouter.models.reasons import REASON_CHARS_MAX
from toolrouter.receipt_files import BYTES_MAX

VENDOR_CHARS_MAX: Final = 120
WHAT_CHARS_MAX: Final = 200
IS_CURRENCY: Final = r"^[A-Z]{3}$"
IS_DIGEST: Final = r"^[0-9a-f]{64}$"
_NOT_AS_APPROVED: Final = (
    Q(called_off_at__isnull=False)
    | ~Q(paid_currency=F("currency"))
    | Q(paid_minor__gt=F("approved_minor"))
)


class Purchase(Stateful):
    """One approved spend in the hands of people: to buy, until somebody says what came of it.

    Made in the commit that claims its call, from what was approved. ``payee`` is the vendor's
    domain; where it was typed as a name that is ``vendor_name``, which, like ``what``, are the
    agent's words: an erasure blanks them beside the salt of their digest. Money stays reserved
    until it is closed. ``called_off_at``: from then on nobody was to buy it. What was paid is a
    person's word; more than was approved, another currency, or bought although it was called off
    is an incident.
    """

    MOVES = PURCHASE_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    call = models.OneToOneField(ToolCall, models.PROTECT, related_name="purchase", editable=False)
    mode = mode_field()
    project_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    run_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    trace_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    approval_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    state = models.CharField(max_length=12, choices=PurchaseState.choices, editable=False)
    category = models.CharField(max_length=20, choices=Category.choices, editable=False)
    payee = models.CharField(max_length=DOMAIN_CHARS_MAX, blank=True, editable=False)
    vendor_name = models.CharField(max_length=VENDOR_CHARS_MAX, blank=True, editable=False)
    what = models.CharField(max_length=WHAT_CHARS_MAX, blank=True, editable=False)
    words_salt = models.CharField(max_length=32, blank=True, editable=False)
    words_digest = models.CharField(max_length=64, editable=False)  # of vendor_name and what
    approved_minor = models.BigIntegerField(editable=False)
    currency = models.CharField(max_length=3, editable=False)
    made_at = models.DateTimeField(editable=False)
    due_at = models.DateTimeField(editable=False)  # after that it is overdue
    called_off_at = models.DateTimeField(null=True, editable=False)
    called_off_why = models.CharField(
        max_length=10, choices=OffWhy.choices, blank=True, editable=False
    )
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    paid_minor = models.BigIntegerField(null=True, editable=False)
    paid_currency = models.CharField(max_length=3, blank=True, editable=False)
    paid_on = models.DateField(null=True, editable=False)
    reason = models.CharField(max_length=REASON_CHARS_MAX, blank=True, editable=False)
    reason_salt = models.CharField(max_length=32, blank=True, editable=False)
    reason_digest = models.CharField(max_length=64, blank=True, editable=False)
    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, related_name="+", db_index=False, editable=False
    )

    class Meta:
        permissions = [("close_purchase", "Can close manual purchases")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PurchaseState.values), name="purchase_state_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="purchase_mode_known"),
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="purchase_category_known"
            ),
            models.CheckConstraint(
                condition=Q(approved_minor__gt=0, currency__regex=IS_CURRENCY),
                name="purchase_of_an_amount",
            ),
            models.CheckConstraint(
                condition=Q(payee="") | Q(vendor_name=""), name="purchase_of_a_domain_or_a_name"
            ),
            models.CheckConstraint(
                condition=Q(called_off_at__isnull=True, called_off_why="")
                | Q(called_off_at__isnull=False, called_off_why__in=OffWhy.values),
                name="purchase_called_off_iff_there_is_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=PurchaseState.TO_BUY, closed_at__isnull=True, closed_by__isnull=True
                )
                | ~Q(state=PurchaseState.TO_BUY)
                & Q(closed_at__isnull=False, closed_by__isnull=False),
                name="purchase_closed_iff_somebody_closed_it",
            ),
            models.CheckConstraint(
                condition=Q(state=PurchaseState.BOUGHT, paid_minor__gt=0, paid_on__isnull=False)
                & Q(paid_currency__regex=IS_CURRENCY)
                | ~Q(state=PurchaseState.BOUGHT)
                & Q(paid_minor__isnull=True, paid_on__isnull=True, paid_currency=""),
                name="purchase_paid_iff_bought",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[PurchaseState.NOT_BOUGHT, PurchaseState.CANCELLED])
                | ~Q(reason_digest=""),
                name="purchase_not_bought_says_why",
            ),
            models.CheckConstraint(
                condition=Q(state=PurchaseState.BOUGHT) & _NOT_AS_APPROVED
                & Q(incident__isnull=False)
                | ~(Q(state=PurchaseState.BOUGHT) & _NOT_AS_APPROVED) & Q(incident__isnull=True),
                name="purchase_not_as_approved_iff_there_is_an_incident",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state=PurchaseState.TO_BUY), name="purchase_to_buy"
            ),
            models.Index(fields=["state", "-id"], name="purchase_by_state"),
            models.Index(fields=["run_ref", "id"], name="purchase_by_run"),
            models.Index(fields=["trace_ref", "id"], name="purchase_by_trace"),
            models.Index(fields=["payee", "mode", "-id"], name="purchase_by_payee"),
            models.Index(fields=["project_ref", "-id"], name="purchase_by_project"),
            models.Index(
                fields=["closed_at"],
                condition=Q(state=PurchaseState.BOUGHT),
                name="purchase_booked",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def approved(self) -> Money:
        """Return what it may cost at most."""
        return Money(self.approved_minor, self.currency)

    @property
    def paid(self) -> Money | None:
        """Return what a person says was paid."""
        if self.paid_minor is None:
            return None
        return Money(self.paid_minor, self.paid_currency)

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return PURCHASES[self.state]


class PurchaseReceipt(AppendOnly):
    """The file that shows what was paid, as it was given. An erasure blanks it and its own hash.

    ``digest`` is that of its SHA-256 under the row's salt: it stays, here and in the ledger.
    """

    ERASABLE = frozenset({"content", "sha256", "salt"})

    reference = models.CharField(max_length=LENGTH_MAX)
    purchase = models.OneToOneField(Purchase, models.PROTECT, related_name="file")
    mode = mode_field()
    kind = models.CharField(max_length=8, choices=FileKind.choices)
    size_bytes = models.PositiveIntegerField()
    content = models.BinaryField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    salt = models.CharField(max_length=32, blank=True)
    digest = models.CharField(max_length=64)
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    kept_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="purchase_file_reference_unique"),
            models.CheckConstraint(
                condition=Q(kind__in=FileKind.values), name="purchase_file_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=Mode.values), name="purchase_file_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__gt=0, size_bytes__lte=BYTES_MAX),
                name="purchase_file_is_of_a_size",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=IS_DIGEST), name="purchase_file_digest_is_sha256"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class ConfirmedPayee(AppendOnly):
    """An owner looked at a purchase of this payee and knows whom it was paid to."""

    reference = models.CharField(max_length=LENGTH_MAX)
    payee = models.CharField(max_length=DOMAIN_CHARS_MAX)
    mode = mode_field()
    purchase = models.ForeignKey(Purchase, models.PROTECT, related_name="+", db_index=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="payee_reference_unique"),
            models.UniqueConstraint(fields=["payee", "mode"], name="payee_confirmed_once"),
            models.CheckConstraint(condition=~Q(payee=""), name="payee_is_a_domain"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="payee_mode_known"),
        ]

    def __str__(self) -> str:
        return self.reference

"""What the provider's own record says of what was done for an agent."""

from __future__ import annotations

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from toolrouter.enums import RECEIPT_MOVES, RECEIPTS, ReceiptState
from toolrouter.models.calls import ToolCall
from toolrouter.models.incidents import Incident

PROVIDER_REF_CHARS_MAX: Final = 255
COMPARED: Final = ("provider_ref", "amount", "currency", "key", "livemode")


class ProviderReceipt(Stateful):
    """What was approved, and beside it what the provider's record says: read once, for good.

    Written with the call's success, so that what was not read yet is seen; of a purchase by hand,
    when a person declared it. ``differs`` names what of ``COMPARED`` is otherwise; then there is an
    incident, and the project is on hold.
    """

    MOVES = RECEIPT_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    call = models.OneToOneField(ToolCall, models.PROTECT, related_name="receipt", editable=False)
    mode = mode_field()
    state = models.CharField(max_length=12, choices=ReceiptState.choices, editable=False)
    provider = models.CharField(max_length=30, editable=False)
    provider_ref = models.CharField(max_length=PROVIDER_REF_CHARS_MAX, editable=False)
    asked_minor = models.BigIntegerField(null=True, editable=False)
    asked_currency = models.CharField(max_length=3, blank=True, editable=False)
    made_at = models.DateTimeField(editable=False)
    read_at = models.DateTimeField(null=True, editable=False)
    read_ref = models.CharField(max_length=PROVIDER_REF_CHARS_MAX, blank=True, editable=False)
    read_minor = models.BigIntegerField(null=True, editable=False)
    read_currency = models.CharField(max_length=3, blank=True, editable=False)
    read_live = models.BooleanField(null=True, editable=False)
    read_key = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    differs = ArrayField(models.CharField(max_length=20), default=list, editable=False)
    incident = models.ForeignKey(
        Incident, models.PROTECT, null=True, related_name="+", db_index=False, editable=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ReceiptState.values), name="receipt_state_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="receipt_mode_known"),
            models.CheckConstraint(
                condition=Q(state=ReceiptState.PENDING, read_at__isnull=True)
                | ~Q(state=ReceiptState.PENDING) & Q(read_at__isnull=False),
                name="receipt_read_iff_it_says_what",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ReceiptState.MISMATCHED, ReceiptState.DECLARED])
                & Q(differs__len__gt=0, incident__isnull=False)
                | ~Q(state=ReceiptState.MISMATCHED) & Q(differs=[], incident__isnull=True),
                name="receipt_differs_iff_there_is_an_incident",
            ),
            models.CheckConstraint(
                condition=Q(differs__contained_by=list(COMPARED)), name="receipt_differs_in_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state=ReceiptState.PENDING), name="receipt_not_read"
            ),
        ]

    def __str__(self) -> str:
        return f"Receipt {self.reference}"

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return RECEIPTS[self.state]

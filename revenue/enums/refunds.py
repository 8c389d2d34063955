"""The words of refunds: what was asked for, what became of it, and how it was paid."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:  # an app's config reads these words before there are models
    from kernel.transitions import Moves


class RefundState(models.TextChoices):
    """A refund that a person asked for."""

    UNKNOWN = "unknown", "sent, answer unknown"
    REQUESTED = "requested", "with Stripe"
    REFUSED = "refused", "refused by Stripe"
    BOOKED = "booked", "booked"
    FAILED = "failed", "failed at the bank"


REFUND_MOVES: Moves = MappingProxyType(
    {
        RefundState.UNKNOWN: frozenset(
            {
                RefundState.REQUESTED,
                RefundState.REFUSED,
                RefundState.BOOKED,
                RefundState.FAILED,
            }
        ),
        RefundState.REQUESTED: frozenset({RefundState.BOOKED, RefundState.FAILED}),
        RefundState.BOOKED: frozenset({RefundState.FAILED}),
        RefundState.REFUSED: frozenset({RefundState.BOOKED, RefundState.FAILED}),
        RefundState.FAILED: frozenset(),
    }
)


class PaidBy(models.TextChoices):
    """How a refund was paid that Stripe could not make."""

    BANK_TRANSFER = "bank_transfer", "by bank transfer"
    CASH = "cash", "in cash"
    OTHER = "other", "another way"


class ExcessSettledBy(models.TextChoices):
    """What became of a refund above the payment: the buyer returned it, or keeps it."""

    BANK_TRANSFER = "bank_transfer", "by bank transfer"
    CASH = "cash", "in cash"
    OTHER = "other", "another way"
    WRITTEN_OFF = "written_off", "written off"


class RefundFilter(models.TextChoices):
    """What is to be done about a refund."""

    OWED = "owed", "Owed to the buyer"
    EXCESS = "excess", "More than was paid"
    UNDER_WAY = "under_way", "On its way"
    RETURNED = "returned", "Returned"
    UNDONE = "undone", "Failed or canceled"

"""Seals: positions without gaps, a Merkle root per batch, signatures that form a chain."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import F, Q

from kernel.append_only import AppendOnly
from ledger.chain import SealBody
from ledger.models.entries import LedgerEntry

SEALER_LOCK: Final = 0x5EA1  # the advisory lock of the one sealer


class SealKey(AppendOnly):
    """The public half of a key that signed a seal, kept so that it can be published.

    ``verify_ledger`` trusts keys that are pinned outside the database, and those they introduced.
    """

    key_id = models.CharField(primary_key=True, max_length=64, help_text="SHA-256 of the key")
    public_key = models.BinaryField(max_length=32)
    first_used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key_id[:16]


class Seal(AppendOnly):
    """One signed batch of positions, chained to the seal before it."""

    number = models.BigIntegerField(primary_key=True)
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField()
    merkle_root = models.BinaryField(max_length=32)
    previous_hash = models.BinaryField(max_length=32)
    seal_hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()
    key = models.ForeignKey(SealKey, models.PROTECT, related_name="+", db_index=False)
    signature = models.BinaryField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["previous_hash"], name="ledger_chain_has_no_fork"),
            models.UniqueConstraint(fields=["first_position"], name="ledger_seals_do_not_overlap"),
            models.CheckConstraint(
                condition=Q(number__gte=1)
                & Q(first_position__gte=1)
                & Q(last_position__gte=F("first_position")),
                name="ledger_seal_covers_a_range",
            ),
        ]

    def __str__(self) -> str:
        return f"seal {self.number}"

    @property
    def body(self) -> SealBody:
        """Return what it says, as it is signed."""
        return SealBody(
            number=self.number,
            first_position=self.first_position,
            last_position=self.last_position,
            merkle_root=bytes(self.merkle_root),
            previous_hash=bytes(self.previous_hash),
            sealed_at=self.sealed_at,
            key_id=self.key_id,
        )


class SealedEntry(AppendOnly):
    """The place of one entry in the sealed order. Positions have no gaps; a gap is a hole."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(LedgerEntry, models.PROTECT, related_name="sealed")
    content_hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "sealed entries"
        constraints = [
            models.CheckConstraint(condition=Q(position__gte=1), name="ledger_positions_start_at_1")
        ]

    def __str__(self) -> str:
        return f"position {self.position}"

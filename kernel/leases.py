"""Leases: work on a row is claimed for a while, with a token that fences off the slow.

A worker that outlives its lease may come back late. The fencing token grows with each claim, and
every write of a claimed row carries the token it was claimed with, so the late one writes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q

from kernel.transitions import LostRace


class LostLease(LostRace):
    """Our lease ran out and another worker claimed the row. Whatever we did is not recorded."""


class Leased(models.Model):
    """A row that one worker at a time may work on."""

    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    lease_token = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    def take_lease(self, *, now: datetime, lease: timedelta) -> bool:
        """Claim this row unless another lease still runs. Say whether we got it."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        rows = type(self)._base_manager.filter(free, pk=self.pk, lease_token=self.lease_token)
        if not rows.update(leased_until=now + lease, lease_token=F("lease_token") + 1):
            return False
        self.leased_until, self.lease_token = now + lease, self.lease_token + 1
        return True

    def write_fenced(self, **changes: object) -> None:
        """Write ``changes`` and give the lease back, if it is still ours.

        Raises LostLease otherwise.
        """
        written = {"leased_until": None, **changes}
        rows = type(self)._base_manager.filter(pk=self.pk, lease_token=self.lease_token)
        if not rows.update(**written):
            raise LostLease(f"{self!r}: token {self.lease_token} is not the newest")
        for name, value in written.items():
            setattr(self, name, value)

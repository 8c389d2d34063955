"""What can be stopped, held and slowed down: the account, a project, a run."""

from __future__ import annotations

from django.db import models

from toolrouter.enums import POSTURES, Posture


class Stoppable(models.Model):
    """A row that always exists, so that whoever decides about a call has something to lock.

    Share-locked while a call is decided or claimed (account, then project, then grant); whoever
    stops, holds or changes the posture takes the stronger lock of the same row.
    """

    posture = models.CharField(
        max_length=10, choices=POSTURES, default=Posture.NORMAL.value, editable=False
    )
    held_at = models.DateTimeField(null=True, editable=False)  # while an incident is open
    stopped_at = models.DateTimeField(null=True, editable=False)  # until a stop is released
    changed_at = models.DateTimeField(null=True, editable=False)  # None: as it was made

    class Meta:
        abstract = True

    @property
    def is_held(self) -> bool:
        """Say whether an incident holds it."""
        return self.held_at is not None

    @property
    def is_stopped(self) -> bool:
        """Say whether somebody stopped it."""
        return self.stopped_at is not None

"""Work that a process held when it ended is due for the others."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from kernel import leased_work
from kernel.leases import end_leases_of_the_dead

logger = logging.getLogger(__name__)


def end_leases(*, now: datetime) -> int:
    """End the leases of processes that are gone. Returns how many."""
    ended = 0
    with transaction.atomic(durable=True):
        for model, where in leased_work.known().items():
            ended += end_leases_of_the_dead(model, where=where, now=now)
    if ended:
        logger.warning("leases of dead workers ended", extra={"leases": ended})
    return ended

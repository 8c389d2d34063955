"""What the database must hold, put back where somebody took it."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import transaction

from kernel import guard_check
from kernel.guard_check import Fault
from ledger.operations import audit

logger = logging.getLogger(__name__)
RESTORED: Final = "database.guards_restored"
WHERE: Final = "door:restore_guards"


@transaction.atomic(durable=True)
def restore_guards(*, now: datetime) -> list[Fault]:
    """Put right what can be put right, as the tables' owner; return what there was to mend.

    All or nothing: what rows break meanwhile raises IntegrityError. How many were put right is
    written down with it; which ones, in the log.
    """
    found = guard_check.restore(using="default")
    put_right = [str(fault) for fault in found if fault.repair]
    if put_right:
        facts = {"guards_restored": len(put_right)}
        audit(actor_id=None, event=RESTORED, subject=WHERE, facts=facts, now=now)
        logger.warning("guards restored", extra={"guards": put_right})
    return found

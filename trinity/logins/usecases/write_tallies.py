"""Writing down how often somebody did not get in."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Greatest

from kernel.hourly_counters import Tally
from ledger.operations import audit
from trinity.logins.enums import REFUSED, Refusal
from trinity.logins.models import RefusalCount

logger = logging.getLogger(__name__)

PERSON: Final = re.compile(r"user:([1-9][0-9]{0,17})")
DOOR: Final = re.compile(r"door:[a-z][a-z0-9_]{1,39}")
ROWS_MAX: Final = 1_000  # of one hour; a team has fewer members, and the code fewer pages


@transaction.atomic(durable=True)
def write_tallies(*, hour: datetime, tally: Tally, now: datetime) -> int:
    """Raise the counts of ``hour`` to those of ``tally``; return how many are new.

    What is new is one entry of the ledger and one line of the log, however often it happens: the
    count itself is in the row. Safe to run twice and at the same time as itself. What names no
    kind, no person and no page of ours is left out: Redis is not believed.
    """
    wanted = _believed(tally)
    stored = RefusalCount.objects.select_for_update().filter(hour=hour).order_by("pk")
    rows_by_name = {(row.kind, row.whose): row for row in stored}
    for name, row in rows_by_name.items():
        if wanted.get(name, 0) > row.times:
            higher = Greatest("times", wanted[name])
            RefusalCount.objects.filter(pk=row.pk).update(times=higher)
    new = [name for name in sorted(wanted) if name not in rows_by_name]
    for kind, whose in new:
        key = f"audit:{REFUSED}:{kind}:{whose}:{hour:%Y%m%dT%H}"
        entry = audit(
            actor_id=None,
            is_visitor=True,
            event=REFUSED,
            subject=whose,
            facts={"refusal": kind},
            now=now,
            key=key,
        )
        RefusalCount.objects.bulk_create(
            [RefusalCount(kind=kind, whose=whose, hour=hour, times=wanted[kind, whose])],
            ignore_conflicts=True,
        )
        if entry.is_new:
            logger.warning(REFUSED, extra={"refusal": kind, "whose": whose})
    return len(new)


def _believed(tally: Tally) -> dict[tuple[str, str], int]:
    ids = {int(match[1]) for _kind, whose in tally if (match := PERSON.fullmatch(whose))}
    people = set(User.objects.filter(Q(pk__in=ids)).values_list("pk", flat=True))
    known = {f"user:{user_id}" for user_id in people}
    believed = {
        (kind, whose): times
        for (kind, whose), times in sorted(tally.items())
        if kind in Refusal.values and (whose in known or DOOR.fullmatch(whose)) and times > 0
    }
    return dict(list(believed.items())[:ROWS_MAX])

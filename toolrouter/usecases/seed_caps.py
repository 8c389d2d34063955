"""A new sandbox begins with small caps, so that an agent's purchase can be tried at once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from kernel.modes import Mode
from kernel.money import Money
from toolrouter.enums import CapScope, CapWindow, Family, Scope
from toolrouter.models import ProjectSettings, SpendCap
from toolrouter.operations.changes import By, CapKey, set_cap
from toolrouter.operations.locking import lock_settings

SEEDED: Final = (
    (CapScope.ACCOUNT, CapWindow.DAY, Money(20_00, "USD")),
    (CapScope.PROJECT, CapWindow.MONTH, Money(50_00, "USD")),
    (CapScope.EACH_RUN, CapWindow.LIFETIME, Money(10_00, "USD")),
)


@transaction.atomic(durable=True)
def seed_caps(*, now: datetime) -> int:
    """Set small caps of the sandbox for the account, each project and each run; say how many.

    Nothing where any cap was ever set: an owner's word is not overruled.
    """
    lock_settings(Scope.ACCOUNT, "")
    if SpendCap.objects.exists():
        return 0
    projects = list(ProjectSettings.objects.values_list("project_ref", flat=True))
    made = 0
    for scope, time_window, limit in SEEDED:
        for ref in [""] if scope == CapScope.ACCOUNT else projects:
            key = CapKey(
                scope=scope,
                ref=ref,
                family=Family.PURCHASE,
                currency=limit.currency,
                mode=Mode.SANDBOX,
                time_window=time_window,
            )
            made += bool(set_cap(key, limit=limit, by=By(actor_id=None), now=now))
    return made

"""Who raised a cap lately, and so approves no spend under it for a while."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from toolrouter.enums import CapScope, Setting
from toolrouter.models import SafetyChange, ToolCall
from toolrouter.models.changes import NOTHING
from toolrouter.timing import RAISER_WAITS


def raised_its_cap(call: ToolCall, *, family: str, person_id: int, now: datetime) -> bool:
    """Say whether that person raised, or first set, a cap that holds ``call`` lately.

    A project's cap for each run counts: the run's own began as its copy. One statement.
    """
    holding = (
        Q(cap__scope=CapScope.ACCOUNT)
        | Q(cap__scope__in=[CapScope.PROJECT, CapScope.EACH_RUN], cap__ref=call.project_ref)
        | Q(cap__scope=CapScope.RUN, cap__ref=call.run_ref)
    )
    changes = SafetyChange.objects.filter(
        holding,
        setting=Setting.CAP,
        cap__family=family,
        cap__currency=call.currency,
        cap__mode=call.mode,
        changed_by_id=person_id,
        changed_at__gt=now - RAISER_WAITS,
    )
    limits = changes.values_list("old_value", "new_value")
    return any(old == NOTHING or int(new) > int(old) for old, new in limits)

"""What a person chose to hear, written in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from ledger.operations import audit
from notices.models import NoticePreference
from notices.queries.preferences import Choice

CHANGED: Final = "notices.changed"


def keep_choice(user_id: int, choice: Choice, *, now: datetime) -> None:
    """Keep what this person chose, and record it. The last one counts."""
    NoticePreference.objects.update_or_create(
        user_id=user_id,
        defaults={
            "muted": sorted(choice.muted),
            "time_zone": choice.time_zone,
            "quiet_from": choice.quiet_from,
            "quiet_until": choice.quiet_until,
            "deputy_id": choice.deputy_id,
            "deputy_from": choice.deputy_from,
            "deputy_until": choice.deputy_until,
            "changed_at": now,
        },
    )
    stands_in = {} if choice.deputy_id is None else {"deputy": f"user:{choice.deputy_id}"}
    times = {"deputy_from": choice.deputy_from, "deputy_until": choice.deputy_until}
    audit(
        actor_id=user_id,
        event=CHANGED,
        subject=f"user:{user_id}",
        facts={
            "muted": len(choice.muted),
            **stands_in,
            **{name: at for name, at in times.items() if at is not None},
        },
        now=now,
    )

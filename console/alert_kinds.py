"""What the console alerts operators of: work of any app that waits too long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from kernel import due_work
from notices.kinds import Kind, Matter

SWEEP_LAG: Final = "sweep_lag"


@dataclass(frozen=True, kw_only=True)
class LateWorkKind(Kind):
    """Late work is named by its id in the registry of due work."""

    def address_of(self, matter: Matter) -> str:
        """Return the list of what is late; the dashboard says it of work that has no list."""
        work = due_work.known().get(matter.subject)
        if work is None or work.listed_at is None:
            return reverse("dashboard")
        name, query = work.listed_at
        return reverse(name) + query

    def said_of(self, matter: Matter) -> Mapping[str, Any]:
        """Return for how many minutes the oldest waited when the alert was raised."""
        return {"oldest_min": int(matter.facts.get("oldest_s", 0)) // 60}


LATE_WORK: Final = LateWorkKind(
    name=SWEEP_LAG,
    words="work is waiting too long",
    line="console/alerts/sweep_lag",
    named_by="what",
)

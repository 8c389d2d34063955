"""What a mail says of an alert, at the moment it is written."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from notices.models import OperatorAlert
from notices.outbox.letters import write_line


def alert_line(alert: OperatorAlert) -> dict[str, Any]:
    """Return what a mail may say of ``alert``: references, amounts and times, a title and words."""
    kind, matter = alert.of_kind, alert.matter
    facts = {
        "facts": alert.facts,
        "subject": alert.about,
        "mode": alert.mode,
        "raised_at": alert.raised_at,
        "amount": str(alert.amount or ""),
        "address": settings.BASE_URL + kind.address_of(matter),
        **kind.said_of(matter),
    }
    said = write_line(template=kind.line, facts=facts) if kind.line else {"title": kind.words}
    return {**facts, **said}

"""What a mail says of an alert, at the moment it is written."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from notices.models import OperatorAlert
from notices.outbox.letters import write_line


def alert_line(alert: OperatorAlert) -> dict[str, Any]:
    """Return what a mail may say of ``alert``: references, amounts and times, a title and words."""
    kind = alert.of_kind
    facts = {**plain_line(alert), **kind.said_of(alert.matter)}
    return {**facts, **write_line(template=kind.line, facts=facts)} if kind.line else facts


def plain_line(alert: OperatorAlert) -> dict[str, Any]:
    """Return what can be said of an alert by its columns alone."""
    return {
        "facts": alert.facts,
        "subject": alert.about,
        "mode": alert.mode,
        "raised_at": alert.raised_at,
        "amount": str(alert.amount or ""),
        "address": settings.BASE_URL + alert.of_kind.address_of(alert.matter),
        "title": alert.of_kind.words,
    }

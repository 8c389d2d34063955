"""A person says what they want to hear, and who stands in for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from notices.operations.preferences import keep_choice
from notices.queries.preferences import Choice


@transaction.atomic(durable=True)
def choose_notices(*, user_id: int, choice: Choice, now: datetime) -> None:
    """Keep what this person chose from now on."""
    keep_choice(user_id, choice, now=now)

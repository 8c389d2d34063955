"""A person says what they want to hear, and who stands in for them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from notices.deputies import DEPUTY
from notices.operations.mails import queue_mail
from notices.operations.preferences import keep_choice
from notices.queries.preferences import Choice, choice_of


@transaction.atomic(durable=True)
def choose_notices(*, user_id: int, choice: Choice, now: datetime) -> None:
    """Keep what this person chose from now on; who is newly named as their deputy is told."""
    before = choice_of(user_id)
    keep_choice(user_id, choice, now=now)
    if choice.deputy_id is not None and _stands_in(choice) != _stands_in(before):
        queue_mail(kind=DEPUTY, user_id=choice.deputy_id, facts={"for": user_id}, now=now)


def _stands_in(choice: Choice) -> tuple[object, ...]:
    return (choice.deputy_id, choice.deputy_from, choice.deputy_until)

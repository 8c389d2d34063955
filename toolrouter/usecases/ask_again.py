"""A person has asked again what an agent asked for, and nobody decided or somebody refused."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from toolrouter.answers import Answer
from toolrouter.approval_rules import PERMISSIONS
from toolrouter.models import ToolCall
from toolrouter.operations.asking_again import CannotAskAgain, ask_again_as
from toolrouter.vocabulary import Risk

__all__ = ["CannotAskAgain", "MayNotAskAgain", "ask_again"]


class MayNotAskAgain(Exception):
    """This person could not decide it, so they do not ask for it either."""


def ask_again(call_ref: str, *, person: User, now: datetime) -> Answer:
    """Ask again what ``call_ref`` asked for: a call of its own, decided anew in full.

    The agent's run stays who asks; ``person`` is kept as who had it asked again, and may decide it
    unless two people are needed. Raises MayNotAskAgain and CannotAskAgain.
    """
    with transaction.atomic(durable=True):
        call = ToolCall.objects.get(reference=call_ref)
        permission = PERMISSIONS.get(Risk(call.risk)) if call.risk else None
        if permission is None or not person.has_perm(permission):
            raise MayNotAskAgain
        return ask_again_as(person.pk, of=call, now=now)

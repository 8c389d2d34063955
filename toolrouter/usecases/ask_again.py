"""A person has asked again what an agent asked for, as it was or edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from kernel.people import name_of
from toolrouter.answers import Answer
from toolrouter.approval_rules import PERMISSIONS
from toolrouter.models import ToolCall
from toolrouter.operations.asking_again import CannotAskAgain, ask_again_as, ask_edited_as
from toolrouter.vocabulary import Risk

__all__ = ["CannotAskAgain", "MayNotAskAgain", "ask_again", "ask_edited"]


class MayNotAskAgain(Exception):
    """This person could not decide it, so they do not ask for it either."""


def ask_again(call_ref: str, *, person: User, now: datetime) -> Answer:
    """Ask again what ``call_ref`` asked for: a call of its own, decided anew in full.

    The agent's run stays who asks; ``person`` is kept as who had it asked again, and may decide it
    unless two people are needed. Raises MayNotAskAgain and CannotAskAgain.
    """
    with transaction.atomic(durable=True):
        return ask_again_as(person.pk, of=_call(call_ref, person), now=now)


def ask_edited(call_ref: str, *, changes: Mapping[str, Any], person: User, now: datetime) -> Answer:
    """Ask again what ``call_ref`` asked for, with these arguments changed.

    It is a call of its own, like one that is asked again; what waited until now is superseded.
    Raises MayNotAskAgain and CannotAskAgain.
    """
    with transaction.atomic(durable=True):
        return ask_edited_as(
            person.pk,
            name=name_of(person),
            of=_call(call_ref, person),
            changes=changes,
            now=now,
        )


def _call(call_ref: str, person: User) -> ToolCall:
    call = ToolCall.objects.get(reference=call_ref)
    permission = PERMISSIONS.get(Risk(call.risk)) if call.risk else None
    if permission is None or not person.has_perm(permission):
        raise MayNotAskAgain
    return call

"""Telling people of the team that something waits for them, at most once a minute each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection

from kernel.nudges import nudge_after_commit
from notices.enums import MailState
from notices.models import OutgoingMail
from notices.operations.mails import QUEUED, queue_mail
from notices.policy import GATHERED_FOR, whom_to_tell
from notices.queries.preferences import listeners

ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext(%s))"


def tell(kind: str, *, user_ids: Sequence[int], now: datetime, can_wait: bool = False) -> int:
    """Queue word for these people, and whoever stands in for them, that something waits.

    The letter is written when it leaves and says all that waits then, so what begins to wait
    before that needs no mail of its own. ``can_wait``: quiet hours hold it back. Returns how many
    people are told. One transaction at a time does this for a kind.
    """
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [f"notices.{kind}"])
    people = listeners(user_ids, now=now)
    due = whom_to_tell(people, kind=kind, now=now, can_wait=can_wait)
    stands_in = {person.deputy_id for person in people if person.user_id in due} - {None, *due}
    deputies = listeners(sorted(filter(None, stands_in)), now=now)
    due |= {one.user_id: one.wakes_at(now) if can_wait else now for one in deputies}
    for user_id, due_at in sorted(due.items()):
        _gather(kind, user_id=user_id, due_at=due_at, now=now)
    nudge_after_commit(QUEUED)
    return len(due)


def _gather(kind: str, *, user_id: int, due_at: datetime, now: datetime) -> None:
    """Let the mail that is yet to leave say it, or queue one, a minute after the last.

    The mail is locked, so that it is not written before what it is to say has committed.
    """
    mails = OutgoingMail.objects.filter(kind=kind, user_id=user_id).order_by("-pk")
    newest = list(mails.select_for_update(no_key=True)[:2])
    waiting = next((mail for mail in newest[:1] if mail.state == MailState.QUEUED), None)
    before = next((mail for mail in newest if mail is not waiting), None)
    if before is not None:
        due_at = max(due_at, (before.sent_at or before.queued_at) + GATHERED_FOR)
    if waiting is None:
        queue_mail(kind=kind, user_id=user_id, now=now, not_before=due_at)
    elif waiting.attempts == 0 and waiting.next_attempt_at and due_at < waiting.next_attempt_at:
        waiting.write(next_attempt_at=due_at)

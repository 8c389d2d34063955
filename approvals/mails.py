"""The mails to whoever may decide: what waits for them now, and no word of an agent's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse

from approvals.queries.requests import RequestLine, waiting_for
from kernel.modes import Mode
from notices.enums import Lane
from notices.outbox.kinds import Leaving, MailKind
from notices.outbox.letters import write_letter
from notices.ports import Letter
from notices.queries import Clock, clock_of, principals_of

WAITING: Final = "approvals.waiting"
REMINDER: Final = "approvals.reminder"
TEMPLATE: Final = "approvals/mail/waiting"
LISTED_MAX: Final = 10
WORTH: Final = timedelta(days=30)  # whether anything still waits is asked when it leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One request as the letter names it. Its effect is left out: an agent chose words of that."""

    title: str
    amount: str
    mode: str
    decide_by: str
    here: str  # the same by the reader's clock; "" where that is not known
    address: str
    for_whom: str  # whom it waits for, where the reader may not decide it


def _letter(leaving: Leaving, *, is_reminder: bool) -> Letter | None:
    """Return what waits for the reader and for those they stand in for; None where nothing does."""
    reader = User.objects.filter(pk=leaving.user_id, is_active=True).first()
    if reader is None:
        return None
    clock = clock_of(reader.pk)
    items = [
        _item(line, whom=whom, clock=clock)
        for line, whom in _waiting(reader, now=leaving.now)
        if not is_reminder or _is_past_half(line, now=leaving.now)
    ]
    if not items:
        return None
    facts = {
        "items": items[:LISTED_MAX],
        "count": len(items),
        "more": max(0, len(items) - LISTED_MAX),
        "is_reminder": is_reminder,
        "stands_in": any(item.for_whom for item in items),
        "inbox": _absolute("approval-inbox"),
    }
    return write_letter(
        template=TEMPLATE,
        facts=facts,
        mode=Mode(settings.DEPLOYMENT_MODE),
        to=(reader.email,),
        reference=leaving.reference,
    )


def _waiting(reader: User, *, now: datetime) -> Sequence[tuple[RequestLine, str]]:
    """Return what waits, soonest to expire first, with whom it waits for if not for the reader."""
    found = {line.reference: (line, "") for line in waiting_for(reader)}
    for principal in User.objects.filter(pk__in=principals_of(reader.pk, now=now)).order_by("pk"):
        name = principal.get_full_name() or principal.email
        for line in waiting_for(principal):
            found.setdefault(line.reference, (line, name))
    open_still = [each for each in found.values() if each[0].decide_by > now]
    return sorted(open_still, key=lambda each: each[0].decide_by)


def _is_past_half(line: RequestLine, *, now: datetime) -> bool:
    return now >= line.opened_at + (line.decide_by - line.opened_at) / 2


def _item(line: RequestLine, *, whom: str, clock: Clock) -> _Item:
    at = line.decide_by.astimezone(UTC)
    return _Item(
        title=line.title,
        amount=str(line.amount) if line.amount else "",
        mode=line.mode,
        decide_by=f"{at.day} {at:%b %Y, %H:%M} UTC",
        here=clock.says(at),
        address=_absolute("approval", line.reference),
        for_whom=whom,
    )


def _absolute(url_name: str, *args: str) -> str:
    return f"{settings.BASE_URL}{reverse(url_name, args=args)}"


KINDS: Final = tuple(
    MailKind(
        id=id,
        words=words,
        lane=Lane.DECISIONS,
        worth_sending=WORTH,
        write=partial(_letter, is_reminder=id == REMINDER),
        can_be_muted=True,
    )
    for id, words in (
        (WAITING, "requests that wait for a decision"),
        (REMINDER, "a reminder of what still waits at half of its time"),
    )
)

"""Queueing a mail to the team: a row in the caller's own commit, sent by a task afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kernel.nudges import nudge_after_commit
from kernel.references import new_reference
from kernel.statements import insert_once
from notices.models import OutgoingMail
from notices.outbox.kinds import kind_of

QUEUED = "team_mail.queued"


def queue_mail(
    *,
    kind: str,
    now: datetime,
    key: str = "",
    user_id: int | None = None,
    to_address: str = "",
    facts: Mapping[str, Any] | None = None,
    not_before: datetime | None = None,
) -> None:
    """Queue one mail to a person or to whoever has an address, at most once per ``key`` if it has.

    It leaves at once, or at ``not_before``. Raises KeyError for a kind that nobody registered,
    ValueError for facts that it does not know.
    """
    registered, told = kind_of(kind), dict(facts or {})
    if strangers := sorted(told.keys() - registered.facts):
        raise ValueError(f"a mail of the kind {kind} carries no {', '.join(strangers)}")
    reference = new_reference("mail")
    mail = OutgoingMail(
        reference=reference,
        kind=kind,
        key=key or reference,
        lane=registered.lane,
        user_id=user_id,
        to_address=to_address,
        facts=told,
        next_attempt_at=not_before or now,
        queued_at=now,
        worth_until=(not_before or now) + registered.worth_sending,
    )
    insert_once(mail)
    nudge_after_commit(QUEUED)

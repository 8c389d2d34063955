"""Sending all that is due, one queue beside the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from kernel.nudges import nudge
from notices.outbox.sending import Clock, Outbox, give_up_lost, send_next
from notices.ports import Mailer
from notices.providers import mailer as mailer

TURN: Final = timedelta(minutes=2)  # then another worker may have its turn


def send_due(
    outboxes: Sequence[Outbox[Any]], *, mailer: Mailer, clock: Clock, nudged_by: str
) -> int:
    """Send what is due, a mail of each outbox in turn, so that none waits for another's last.

    Returns how many were tried. After ``TURN`` whoever listens to ``nudged_by`` goes on.
    """
    began, tried, busy = clock(), 0, list(outboxes)
    for outbox in outboxes:
        give_up_lost(outbox, now=began)
    while busy:
        if clock() > began + TURN:
            nudge(nudged_by)
            break
        busy = [each for each in busy if send_next(each, mailer=mailer, clock=clock) is not None]
        tried += len(busy)
    return tried

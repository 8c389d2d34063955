"""After a start the database is compared with the head kept outside, before anything is claimed."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from ledger.queries import NewestOutside, NotComparable, newest_outside
from toolrouter.operations.changes import By
from toolrouter.operations.restoring import hold_restored, lock_account, note_compared
from toolrouter.queries.starts import KnownStart, known_start

logger = logging.getLogger(__name__)


def compare_start(*, now: datetime) -> bool:
    """Say whether the database, as it is since its start, was compared; compare it where not.

    A database that was restored holds itself: it has lost seals that were published, its row of
    the last comparison was loaded from a backup, or a person began a new log. Where no head can be
    read nothing is compared, and nothing may be claimed. One statement where it was compared.
    """
    known = known_start()
    if known.is_compared:
        return True
    try:
        outside = newest_outside()
    except NotComparable as reason:
        logger.warning("database not compared", extra={"reason": str(reason)})
        return False
    _write_down(outside, now=now)
    return True


def watch_chain(*, now: datetime) -> bool:
    """Compare again what was compared; say whether that was possible.

    A machine that was set back while it ran has no new start, and a shorter chain.
    """
    known = known_start()
    if not known.is_compared:
        return compare_start(now=now)
    try:
        outside = newest_outside()
    except NotComparable as reason:
        logger.warning("database not compared", extra={"reason": str(reason)})
        return False
    if _is_news(outside, known):
        _write_down(outside, now=now)
    return True


def after_restore(*, by: By, now: datetime) -> str:
    """Do what a database that finds itself restored does, because a person says that it was.

    For where no head is kept outside, or nobody can read it. Returns the incident's reference.
    """
    try:
        outside = newest_outside()
    except NotComparable:
        head_outside, is_shorter = "", True
    else:
        head_outside, is_shorter = outside.seal_hash, not outside.is_here
    with transaction.atomic(durable=True):
        lock_account()
        incident_ref = hold_restored(by=by, now=now)
        note_compared(head_outside=head_outside, is_shorter=is_shorter, now=now)
    return incident_ref


def _write_down(outside: NewestOutside, *, now: datetime) -> None:
    """Hold what was restored, once, whoever finds out first; note the comparison."""
    with transaction.atomic(durable=True):
        lock_account()
        known = known_start()
        if known.is_compared and not _is_news(outside, known):
            return  # somebody was faster
        if reason := _why_restored(outside, known):
            hold_restored(by=By(actor_id=None, reason=reason), now=now)
        note_compared(head_outside=outside.seal_hash, is_shorter=not outside.is_here, now=now)


def _is_news(outside: NewestOutside, known: KnownStart) -> bool:
    """Say whether ``outside`` shows something that the last comparison did not."""
    return (not outside.is_here and not known.is_shorter) or _is_log_newer(outside, known)


def _why_restored(outside: NewestOutside, known: KnownStart) -> str:
    """Return in words why the database is taken for a restored one; nothing where it is not."""
    if not outside.is_here:
        missing = f": up to {outside.missing} ledger entries are missing" if outside.missing else ""
        return f"Seal {outside.number} was published, and the database does not have it{missing}."
    if known.is_reloaded:
        return "The database was loaded from a backup."
    if not known.is_compared and _is_log_newer(outside, known):
        return "A new seals log was begun, so nothing shows whether the database is as it was."
    return ""


def _is_log_newer(outside: NewestOutside, known: KnownStart) -> bool:
    """Say whether a person began the log after the last comparison."""
    began = outside.log_begun_at
    return began is not None and (known.compared_at is None or known.compared_at < began)

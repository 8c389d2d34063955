"""A lookup → the web → what was found: claimed with a lease, done, and written down once.

Looking changes nothing outside, so what a worker died with is simply looked up again, a few times
and until the lookup's time is over. No transaction is open while anybody waits.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from fulfillment.enums import LookupKind, LookupState
from fulfillment.firewall import Finding, clean
from fulfillment.models import Lookup
from fulfillment.operations.sources import keep_source
from fulfillment.ports_web import Fault, Hit, NotFound, Page, PageReader, SearchEngine
from kernel.append_only import new_salt, salted_digest
from kernel.leases import LostLease, claim_due
from kernel.retries import Backoff

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
LEASE: Final = timedelta(seconds=40)  # longer than the longest lookup
RETRIES: Final = Backoff(first=timedelta(seconds=2), longest=timedelta(seconds=8), attempts_max=3)
BATCH: Final = 20
# What stands on no page that is meant for people: made harmless, and kept from the run as well.
MEANT_FOR_AGENTS: Final = frozenset({Finding.MARKER, Finding.TOOLS})
HITS_MAX: Final = 10
TITLE_CHARS_MAX, SNIPPET_CHARS_MAX, URL_CHARS_MAX = 200, 400, 500


def look_up_due(*, reader: PageReader, engine: SearchEngine, clock: Clock) -> int:
    """Do the lookups that are due, one after the other; return how many there were.

    One that raises is tried again later and holds up no other; what it raised is raised in the end.
    """
    done, problem = 0, None
    while done < BATCH and (lookup := _claim(now=clock())):
        done += 1
        try:
            _look_up(lookup, reader=reader, engine=engine, clock=clock)
        except LostLease:
            logger.warning("late for a lookup", extra={"lookup": lookup.reference})
        except Exception as error:
            logger.exception("lookup left as it is", extra={"lookup": lookup.reference})
            problem = error
    if problem is not None:
        raise problem
    return done


def _claim(*, now: datetime) -> Lookup | None:
    claimed = claim_due(
        Lookup,
        states=[LookupState.QUEUED, LookupState.RUNNING],
        to=LookupState.RUNNING,
        now=now,
        lease=LEASE,
        limit=1,
    )
    return claimed[0] if claimed else None


def _look_up(lookup: Lookup, *, reader: PageReader, engine: SearchEngine, clock: Clock) -> None:
    if clock() >= lookup.deadline_at or lookup.attempts > (RETRIES.attempts_max or 0):
        _fail(lookup, Fault.DEADLINE, now=clock())
        return
    try:
        if lookup.kind == LookupKind.SEARCH:
            _keep_hits(lookup, engine.search(lookup.asked), now=clock())
        else:
            _keep_page(lookup, reader.read(lookup.asked), now=clock())
    except NotFound as reason:
        if not reason.is_passing or RETRIES.is_over(lookup.attempts):
            _fail(lookup, reason.fault, now=clock())
        else:
            _try_again(lookup, reason.fault, now=clock())


def _keep_page(lookup: Lookup, page: Page, *, now: datetime) -> None:
    title, text = clean(page.title), clean(page.text)
    codes = sorted({*title.codes, *text.codes} & MEANT_FOR_AGENTS)
    page = replace(page, title=title.text, text=text.text)
    with transaction.atomic(durable=True):
        source = keep_source(lookup.run, page, url=lookup.asked, codes=codes, now=now)
        lookup.move_fenced(
            LookupState.DONE, source_id=source.pk, next_attempt_at=None, error="", ended_at=now
        )


def _keep_hits(lookup: Lookup, hits: Sequence[Hit], *, now: datetime) -> None:
    """Keep what is told of the first results; a result with words to an agent is left out."""
    found = [told for hit in hits[:HITS_MAX] if (told := _told(hit)) is not None]
    salt = new_salt()
    with transaction.atomic(durable=True):
        lookup.move_fenced(
            LookupState.DONE,
            found=found,
            found_count=len(found),
            found_salt=salt,
            found_digest=salted_digest(json.dumps(found, sort_keys=True), salt=salt),
            next_attempt_at=None,
            error="",
            ended_at=now,
        )


def _told(hit: Hit) -> dict[str, Any] | None:
    title, snippet = clean(hit.title), clean(hit.snippet)
    if {*title.codes, *snippet.codes} & MEANT_FOR_AGENTS or len(hit.url) > URL_CHARS_MAX:
        return None
    return {
        "url": hit.url,
        "title": title.text[:TITLE_CHARS_MAX],
        "snippet": snippet.text[:SNIPPET_CHARS_MAX],
    }


def _try_again(lookup: Lookup, fault: Fault, *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        lookup.move_fenced(
            LookupState.QUEUED, error=fault, next_attempt_at=now + RETRIES.after(lookup.attempts)
        )


def _fail(lookup: Lookup, fault: Fault, *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        lookup.move_fenced(LookupState.FAILED, error=fault, next_attempt_at=None, ended_at=now)

"""Filing what Stripe tells: one row for each event, whoever brings it and however often."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

import psycopg
from django.db import connection

from kernel.modes import Mode
from notices import operations as notices
from revenue.enums import AlertKind, EventState
from revenue.models import EventAlarm, EventRendering, EventRepeat, StripeWebhookEvent
from revenue.operations.renderings import keep_rendering
from revenue.policy import mode_of
from revenue.ports import Notice, PaymentGateway, UnreadableEvent
from revenue.queries.renderings import is_readable

COLUMNS: Final = (
    "stripe_id, type, object_id, api_version, account, livemode, mode, body, body_sha256,"
    " next_attempt_at, stripe_created_at, received_at, is_listed,"
    " fact_sha256, state, attempts, waits_for, error_class, error, trace_ref, lease_token"
)
GIVEN: Final = 13  # of these columns; the rest is the same for each event that is new
NEW: Final = f"'', '{EventState.RECEIVED}', 0, '', '', '', '', 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery that Stripe signed. Nothing is filed yet, and nothing was asked of anybody."""

    notice: Notice
    body: bytes
    mode: Mode
    received_at: datetime

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes as they came."""
        return hashlib.sha256(self.body).hexdigest()


@cache
def insert_statement(rows: int) -> str:
    """Return the one statement that files ``rows`` events; in autocommit it is its transaction.

    Its parameters are numbered, GIVEN for each event. ON CONFLICT: a duplicate resets nothing. It
    returns the ids of those that are new.
    """
    numbered = [
        ", ".join(f"${row * GIVEN + column}" for column in range(1, GIVEN + 1))
        for row in range(rows)
    ]
    return f"""
INSERT INTO revenue_stripewebhookevent ({COLUMNS})
VALUES {", ".join(f"({given}, {NEW})" for given in numbered)}
ON CONFLICT (stripe_id) DO NOTHING RETURNING stripe_id, id"""  # noqa: S608  # our own words


def file_deliveries(deliveries: Sequence[Delivery]) -> dict[str, int]:
    """Insert the events in one statement; return the ids of those that are new, by Stripe's id."""
    return _insert([_row(delivery) for delivery in deliveries])


def file_event(
    notice: Notice,
    *,
    body: bytes,
    is_stripe_itself: bool,
    now: datetime,
    due_at: datetime | None = None,
    is_listed: bool = False,
) -> int | None:
    """Insert the event in one statement; return its id, or None when its Stripe id is known.

    ``due_at`` keeps the sweep away from an event that whoever files it acts on at once;
    ``is_listed`` says that Stripe listed it and delivered nothing, so that it is only a hint.
    """
    mode = mode_of(livemode=notice.livemode, is_stripe_itself=is_stripe_itself)
    delivery = Delivery(notice=notice, body=body, mode=mode, received_at=now)
    new = _insert([_row(delivery, due_at=due_at, is_listed=is_listed)])
    return new.get(notice.stripe_id)


def _row(
    delivery: Delivery, *, due_at: datetime | None = None, is_listed: bool = False
) -> tuple[object, ...]:
    """Return the values for the first GIVEN of COLUMNS."""
    notice = delivery.notice
    return (
        notice.stripe_id,
        notice.type,
        notice.object_id,
        notice.api_version,
        notice.account,
        notice.livemode,
        str(delivery.mode),
        delivery.body,
        delivery.digest,
        due_at or delivery.received_at,
        notice.created_at,
        delivery.received_at,
        is_listed,
    )


def _insert(rows: Sequence[tuple[object, ...]]) -> dict[str, int]:
    """Insert the rows; return the ids of those that are new, by Stripe's id.

    Sorted by Stripe's id, so that two who file the same events wait for each other in one order.
    """
    values = [value for row in sorted(rows, key=lambda row: str(row[0])) for value in row]
    connection.ensure_connection()
    # psycopg's own cursor: the statement is prepared once and the body travels as binary, which
    # Django's client-side binding would escape into text. A raw one: looking for 13 placeholders
    # a row, at each call, cost as much again as all else. Its errors are Django's all the same:
    # whoever calls drops a broken connection on them.
    with connection.wrap_database_errors, psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute(insert_statement(len(rows)), values, prepare=True)
        return dict(cursor.fetchall())


def meet_again(delivery: Delivery, *, gateway: PaymentGateway) -> bool:
    """Take a delivery of an id that is known already: the one place that decides about those.

    Returns whether it can be read where the first could not.
    """
    known = _filed(delivery.notice)
    EventRepeat.count(known.pk, now=delivery.received_at)
    if _brings_news(known, delivery.notice, gateway=gateway):
        return _take(known, delivery, gateway=gateway)
    _compare(known, delivery, gateway=gateway)
    return False


def take_listed(delivery: Delivery, *, gateway: PaymentGateway) -> int | None:
    """Take an event that Stripe lists and we know already; return its id if that brings news."""
    known = _filed(delivery.notice)
    if not _brings_news(known, delivery.notice, gateway=gateway):
        return None
    return known.pk if _take(known, delivery, gateway=gateway) else None


def _filed(notice: Notice) -> StripeWebhookEvent:
    rows = StripeWebhookEvent.objects.only(
        *("type", "account", "livemode", "mode", "body", "body_sha256", "fact_sha256"),
        *("api_version", "stripe_id"),
    )
    return rows.get(stripe_id=notice.stripe_id)


def _brings_news(known: StripeWebhookEvent, notice: Notice, *, gateway: PaymentGateway) -> bool:
    """Say whether ``notice`` comes in another version, which we read, and the first is unreadable.

    Stripe sends an event to each endpoint in the version that is pinned there: so one upgrades.
    """
    if notice.api_version == known.api_version or not is_readable(notice.api_version):
        return False
    if not is_readable(known.api_version):
        return True
    if known.body is None:  # emptied, long after it was settled
        return False
    try:
        gateway.read_event(bytes(known.body))
    except UnreadableEvent:
        return True
    return False


def _take(known: StripeWebhookEvent, delivery: Delivery, *, gateway: PaymentGateway) -> bool:
    """Keep what can be read, beside what could not; alarm where it is no rendering of the same."""
    notice, now = delivery.notice, delivery.received_at
    digest = gateway.fact_digest(delivery.body)
    same = (notice.type, notice.account, notice.livemode)
    if same != (known.type, known.account, known.livemode):
        _raise_alarm(known, delivery, digest=digest)
        return False
    rendering = EventRendering(
        event=known,
        api_version=notice.api_version,
        body=delivery.body,
        body_sha256=delivery.digest,
        fact_sha256=digest,
        received_at=now,
    )
    if keep_rendering(rendering, now=now):
        return True
    first = EventRendering.objects.only("fact_sha256").get(
        event=known, api_version=notice.api_version
    )
    if first.fact_sha256 != digest:
        _raise_alarm(known, delivery, digest=digest)
    return False


def _compare(known: StripeWebhookEvent, delivery: Delivery, *, gateway: PaymentGateway) -> None:
    """Raise the alarm when the delivery speaks of another object at the same version."""
    if known.body_sha256 == delivery.digest or known.api_version != delivery.notice.api_version:
        return
    digest = gateway.fact_digest(delivery.body)
    if digest != (known.fact_sha256 or gateway.fact_digest(bytes(known.body or b""))):
        _raise_alarm(known, delivery, digest=digest)


def _raise_alarm(known: StripeWebhookEvent, delivery: Delivery, *, digest: str) -> None:
    """Keep the delivery as an alarm, once per content, and tell operators."""
    alarm = EventAlarm(
        event=known,
        body=delivery.body,
        body_sha256=delivery.digest,
        fact_sha256=digest,
        received_at=delivery.received_at,
    )
    EventAlarm.objects.bulk_create([alarm], ignore_conflicts=True)
    notices.raise_alert(
        kind=AlertKind.EVENT_DIFFERS,
        item=f"{known.stripe_id}:{digest[:16]}",
        subject=known.stripe_id,
        mode=Mode(known.mode),
        now=delivery.received_at,
    )

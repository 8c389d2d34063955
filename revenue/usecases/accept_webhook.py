"""The webhook's door, inside: verify, file, and that is all."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import psycopg
from django.db import connection

from kernel.modes import Mode
from revenue.enums import AlertKind, EventState
from revenue.models import EventAlarm, EventRepeat, StripeWebhookEvent
from revenue.operations.alerts import raise_alert_about
from revenue.policy import mode_of
from revenue.ports import Notice, PaymentGateway

# One statement in autocommit is its own transaction. ON CONFLICT: a duplicate resets nothing.
FILE_EVENT: Final = f"""
INSERT INTO revenue_stripewebhookevent
    (stripe_id, type, object_id, api_version, account, livemode, mode, body, body_sha256,
     fact_sha256, state, attempts, waits_for, next_attempt_at, error_class, error,
     stripe_created_at, received_at, trace_ref, lease_token, is_listed)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, '', '{EventState.RECEIVED}', 0, '', %s, '', '',
        %s, %s, '', 0, %s)
ON CONFLICT (stripe_id) DO NOTHING RETURNING id"""  # noqa: S608  # the state is our own word


def accept_webhook(
    *,
    body: bytes,
    signature: str,
    gateway: PaymentGateway,
    is_stripe_itself: bool,
    now: datetime,
) -> bool:
    """Verify one delivery and file it. The work itself happens later, in a task.

    Returns whether the event is new. Raises SignatureRejected or BodyRejected before anything is
    stored or asked of the database. A known id is counted; one that comes with another object is
    kept as an alarm.
    """
    notice = gateway.verify(body=body, signature=signature, now=now)
    if file_event(notice, body=body, is_stripe_itself=is_stripe_itself, now=now) is not None:
        return True
    _compare_with_filed(notice, body=body, gateway=gateway, now=now)
    return False


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
    connection.ensure_connection()
    # psycopg's own cursor: the statement is prepared once and the body travels as binary, which
    # Django's client-side binding would escape into text. Its errors are Django's all the same:
    # whoever calls drops a broken connection on them.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            FILE_EVENT,
            (
                notice.stripe_id,
                notice.type,
                notice.object_id,
                notice.api_version,
                notice.account,
                notice.livemode,
                str(mode_of(livemode=notice.livemode, is_stripe_itself=is_stripe_itself)),
                body,
                hashlib.sha256(body).hexdigest(),
                due_at or now,
                notice.created_at,
                now,
                is_listed,
            ),
            prepare=True,
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _compare_with_filed(
    notice: Notice, *, body: bytes, gateway: PaymentGateway, now: datetime
) -> None:
    """Count the delivery; raise the alarm when it speaks of another object at the same version."""
    filed = StripeWebhookEvent.objects.only("body", "body_sha256", "fact_sha256", "api_version")
    known = filed.get(stripe_id=notice.stripe_id)
    EventRepeat.count(known.pk, now=now)
    digest = hashlib.sha256(body).hexdigest()
    if known.body_sha256 == digest or known.api_version != notice.api_version:
        return
    told = gateway.fact_digest(body)
    if told == (known.fact_sha256 or gateway.fact_digest(bytes(known.body or b""))):
        return
    EventAlarm.objects.bulk_create(
        [EventAlarm(event=known, body=body, body_sha256=digest, fact_sha256=told, received_at=now)],
        ignore_conflicts=True,
    )
    raise_alert_about(
        kind=AlertKind.EVENT_DIFFERS,
        item=f"{notice.stripe_id}:{told[:16]}",
        subject=notice.stripe_id,
        mode=Mode(StripeWebhookEvent.objects.values_list("mode", flat=True).get(pk=known.pk)),
        now=now,
    )

"""The webhook's door, inside: verify, file, and that is all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import Error, connection, transaction

from revenue.operations.event_filing import Delivery, file_deliveries, meet_again
from revenue.policy import mode_of
from revenue.ports import PaymentGateway


def verify_delivery(
    *,
    body: bytes,
    signature: str,
    gateway: PaymentGateway,
    is_stripe_itself: bool,
    now: datetime,
) -> Delivery:
    """Return the delivery. Raises SignatureRejected or BodyRejected; asks no database."""
    notice = gateway.verify(body=body, signature=signature, now=now)
    mode = mode_of(livemode=notice.livemode, is_stripe_itself=is_stripe_itself)
    return Delivery(notice=notice, body=body, mode=mode, received_at=now)


def accept_deliveries(
    deliveries: Sequence[Delivery], *, gateway: PaymentGateway
) -> list[bool | Exception]:
    """File what arrived together, in one statement. The work happens later, in a task.

    Returns for each delivery, in order, whether it brings something to act on, or the error that
    kept it from being filed: a row that Postgres refuses takes no other with it. What is not an
    error is committed. A known id is counted; one that comes with another object is kept as an
    alarm, and one that can be read where the first could not is acted on.
    """
    firsts: dict[str, int] = {}
    for number, each in enumerate(deliveries):
        firsts.setdefault(each.notice.stripe_id, number)
    try:
        new = file_deliveries([deliveries[number] for number in firsts.values()])
    except Error as error:
        if len(deliveries) == 1 or not _is_connected():
            return [error] * len(deliveries)
        return [accept_deliveries([each], gateway=gateway)[0] for each in deliveries]
    return [
        True
        if each.notice.stripe_id in new and firsts[each.notice.stripe_id] == number
        else _met_again(each, gateway=gateway)
        for number, each in enumerate(deliveries)
    ]


def accept_webhook(
    *,
    body: bytes,
    signature: str,
    gateway: PaymentGateway,
    is_stripe_itself: bool,
    now: datetime,
) -> bool:
    """Verify one delivery and file it; return whether it brings something to act on.

    Raises SignatureRejected or BodyRejected before anything is stored or asked of the database.
    """
    delivery = verify_delivery(
        body=body, signature=signature, gateway=gateway, is_stripe_itself=is_stripe_itself, now=now
    )
    result = accept_deliveries([delivery], gateway=gateway)[0]
    if isinstance(result, Exception):
        raise result
    return result


def _is_connected() -> bool:
    """Say whether the connection still holds, so that another statement makes sense."""
    return connection.connection is not None and not connection.connection.closed


def _met_again(delivery: Delivery, *, gateway: PaymentGateway) -> bool | Exception:
    """Say whether a known event brings news, or what kept it from being counted.

    The error is for its own sender alone.
    """
    try:
        with transaction.atomic(durable=True):
            return meet_again(delivery, gateway=gateway)
    except Exception as error:  # noqa: BLE001  # raised to whoever brought this delivery
        return error

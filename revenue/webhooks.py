"""The webhook's door, outside: HTTP to one call, and a status.

Two ways lead here: ``accept``, ahead of Django's middleware, which production uses because an
acknowledgement is what the buyer waits for, and the same thing as a Django view for everything
that speaks Django. Authenticated by Stripe's signature, so no CSRF cookie is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from kernel.coalescing import Coalescer, TooManyWait
from kernel.connections import close_with_this_thread
from kernel.log_tally import Tally
from kernel.nudges import CoalescedNudge
from kernel.permissions import public, takes_bytes
from revenue.enums import Refusal
from revenue.operations.event_filing import Delivery
from revenue.ports import BodyRejected, SignatureRejected, Stale, Unsigned
from revenue.providers import gateway_for_web, is_stripe_itself
from revenue.usecases.accept_webhook import accept_deliveries, verify_delivery
from revenue.usecases.count_refusals import count_refusals

logger = logging.getLogger(__name__)

BODY_BYTES_MAX: Final = 1024 * 1024
PATHS: Final = frozenset({"/webhooks/stripe", "/webhooks/stripe/"})
FILERS: Final = 2  # while one statement is on its way to the disk, the next is made
WAITING_MAX: Final = 1024
# From the narrowest kind to the widest.
REASONS: Final[dict[type[Exception], Refusal]] = {
    Unsigned: Refusal.UNSIGNED,
    Stale: Refusal.STALE,
    SignatureRejected: Refusal.SECRET,
    BodyRejected: Refusal.BODY,
}
accepted = CoalescedNudge("webhook.accepted")
refused = Tally(count_refusals, every_s=lambda: settings.REFUSALS_WRITTEN_EVERY_S)


async def accept(*, body: bytes, signature: str) -> int:
    """Take one delivery and return the HTTP status, once what it says is on the disk.

    Deliveries that come meanwhile are filed together.
    """
    delivery = verified(body=body, signature=signature)
    if delivery is None:
        return 400
    try:
        return status_of(await _together.do(delivery))
    except Error as error:
        return status_of(error)
    except TooManyWait:
        logger.error("webhook not filed", extra={"error": "TooManyWait"})
        return 503


def answer(*, method: str, length: int, read: Callable[[int], bytes], signature: str) -> int:
    """Take one delivery and return the HTTP status. Anything but 200 makes Stripe try again."""
    if method != "POST":
        return 405
    if length > BODY_BYTES_MAX:
        return 413
    body = read(length or BODY_BYTES_MAX + 1)  # a chunked body has no length
    if len(body) > BODY_BYTES_MAX:
        return 413
    delivery = verified(body=body, signature=signature)
    if delivery is None:
        return 400
    return status_of(file_together([delivery])[0])


def verified(*, body: bytes, signature: str) -> Delivery | None:
    """Return the delivery when Stripe signed it lately; else tell of it and return None."""
    try:
        return verify_delivery(
            body=body,
            signature=signature,
            gateway=gateway_for_web(),
            is_stripe_itself=is_stripe_itself(),
            now=datetime.now(UTC),
        )
    except (SignatureRejected, BodyRejected) as error:
        tell_refused(error)
        return None


def tell_refused(error: SignatureRejected | BodyRejected) -> None:
    """Say that a delivery was refused. Every door's refusals pass here, and ask no database."""
    reason = next(reason for kind, reason in REASONS.items() if isinstance(error, kind))
    logger.warning("webhook refused", extra={"error": type(error).__name__})
    refused.add(reason)


def file_together(deliveries: Sequence[Delivery]) -> list[bool | Exception]:
    """File what arrived together; where the connection turns out to be lost, once more.

    Returns for each whether it is new, or what kept it from being filed.
    """
    close_with_this_thread()
    gateway = gateway_for_web()
    results = accept_deliveries(deliveries, gateway=gateway)
    unfiled = [number for number, result in enumerate(results) if _is_databases(result)]
    if unfiled and _is_lost():
        error = type(results[unfiled[0]]).__name__
        logger.warning("connection lost at the door", extra={"error": error})
        connection.close()
        again = accept_deliveries([deliveries[number] for number in unfiled], gateway=gateway)
        for number, result in zip(unfiled, again, strict=True):
            results[number] = result
    if any(_is_databases(result) for result in results):
        connection.close()  # if it is broken, the next delivery gets a new one
    return results


def status_of(result: bool | Exception) -> int:
    """Return the HTTP status for what filing came to, and nudge when there is work.

    Raises what is not the database's own.
    """
    if isinstance(result, bool):
        if result:
            accepted.signal()
        return 200
    if not isinstance(result, Error):
        raise result
    # Away, or too busy: Stripe tries again for three days.
    logger.error("webhook not filed", extra={"error": type(result).__name__})
    return 503 if isinstance(result, OperationalError | InterfaceError) else 500


def _is_databases(result: bool | Exception) -> bool:
    return isinstance(result, Error)


def _is_lost() -> bool:
    """Say whether there was a connection, and it broke. Where none was to be had, none will be."""
    return connection.connection is not None and bool(connection.connection.closed)


_together = Coalescer(file_together, threads=FILERS, waiting_max=WAITING_MAX)


@takes_bytes(BODY_BYTES_MAX + 1)  # one more: ``answer`` says so without a page
@csrf_exempt
@public
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """File the event and answer at once."""
    status = answer(
        method=request.method or "",
        length=int(request.META.get("CONTENT_LENGTH") or 0),
        read=lambda _length: request.body,
        signature=request.headers.get("Stripe-Signature", ""),
    )
    return HttpResponse(status=status, content_type="text/plain")

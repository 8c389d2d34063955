"""The webhook's door, outside: HTTP to one call, and a status.

Two ways lead here: the WSGI door ahead of Django's middleware (``door``), which production uses
because an acknowledgement is what the buyer waits for, and the same thing as a Django view for
everything that speaks Django. Authenticated by Stripe's signature, so no CSRF cookie is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from kernel.connections import close_with_this_thread
from kernel.doors import public, takes_bytes
from kernel.nudges import CoalescedNudge
from revenue.ports import BodyRejected, SignatureRejected
from revenue.providers import gateway_for_web, is_stripe_itself
from revenue.usecases.accept_webhook import Delivery, accept_deliveries, verify_delivery

logger = logging.getLogger(__name__)

BODY_BYTES_MAX: Final = 1024 * 1024
PATHS: Final = frozenset({"/webhooks/stripe", "/webhooks/stripe/"})
STATUS_LINES: Final = {
    200: "200 OK",
    400: "400 Bad Request",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}
accepted = CoalescedNudge("webhook.accepted")

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


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
    logger.warning("webhook refused", extra={"error": type(error).__name__})


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

    Raises what is not the database's.
    """
    if isinstance(result, bool):
        if result:
            accepted.poke()
        return 200
    if not _is_databases(result):
        raise result
    # Away, or too busy: Stripe tries again for three days.
    logger.error("webhook not filed", extra={"error": type(result).__name__})
    return 503 if isinstance(result, OperationalError | InterfaceError) else 500


def _is_databases(result: bool | Exception) -> bool:
    return isinstance(result, DatabaseError | InterfaceError)


def _is_lost() -> bool:
    """Say whether there was a connection, and it broke. Where none was to be had, none will be."""
    return connection.connection is not None and bool(connection.connection.closed)


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


def door(application: Application) -> Application:
    """Return ``application`` with the webhook's door ahead of it."""

    def with_door(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") not in PATHS:
            return application(environ, start_response)
        status = _answer_wsgi(environ)
        headers = [("Content-Type", "text/plain"), ("Content-Length", "0")]
        if status == 405:
            headers.append(("Allow", "POST"))
        start_response(STATUS_LINES[status], headers)
        return [b""]

    return with_door


def _answer_wsgi(environ: Environ) -> int:
    return answer(
        method=environ["REQUEST_METHOD"],
        length=_length(environ),
        read=environ["wsgi.input"].read,
        signature=environ.get("HTTP_STRIPE_SIGNATURE", ""),
    )


def _length(environ: Environ) -> int:
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0

"""The webhook's door, outside: HTTP to one call, and a status.

Two ways lead here: the WSGI door ahead of Django's middleware (``door``), which production uses
because an acknowledgement is what the buyer waits for, and the same thing as a Django view for
everything that speaks Django. Authenticated by Stripe's signature, so no CSRF cookie is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from kernel.connections import close_with_this_thread
from kernel.doors import public
from kernel.nudges import CoalescedNudge
from revenue.ports import BodyRejected, SignatureRejected
from revenue.providers import gateway_for_web, is_stripe_itself
from revenue.usecases.accept_webhook import accept_webhook

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
    try:
        is_new = _accept(body, signature)
    except (SignatureRejected, BodyRejected) as error:
        logger.warning("webhook refused", extra={"error": type(error).__name__})
        return 400
    if is_new:
        accepted.poke()
    return 200


def _accept(body: bytes, signature: str, *, is_second_try: bool = False) -> bool:
    """File one delivery; where the connection turns out to be lost, once more over a new one."""
    try:
        return accept_webhook(
            body=body,
            signature=signature,
            gateway=gateway_for_web(),
            is_stripe_itself=is_stripe_itself(),
            now=datetime.now(UTC),
        )
    except (OperationalError, InterfaceError) as error:
        if is_second_try or not _is_lost():
            raise
        logger.warning("connection lost at the door", extra={"error": type(error).__name__})
        connection.close()
    return _accept(body, signature, is_second_try=True)


def _is_lost() -> bool:
    """Say whether there was a connection, and it broke. Where none was to be had, none will be."""
    return connection.connection is not None and bool(connection.connection.closed)


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
    close_with_this_thread()
    try:
        return answer(
            method=environ["REQUEST_METHOD"],
            length=_length(environ),
            read=environ["wsgi.input"].read,
            signature=environ.get("HTTP_STRIPE_SIGNATURE", ""),
        )
    except (OperationalError, InterfaceError) as error:
        # The database is away: Stripe tries again for three days. A broken connection is
        # dropped, so that the next delivery gets a new one.
        logger.error("webhook not filed", extra={"error": type(error).__name__})
        connection.close()
        return 503
    except DatabaseError as error:
        logger.error("webhook not filed", extra={"error": type(error).__name__})
        connection.close()
        return 500


def _length(environ: Environ) -> int:
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0

"""Addresses that fail, each in its own way."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from psycopg.errors import DeadlockDetected
from redis.exceptions import ConnectionError as RedisConnectionError

from trinity.urls import handler400 as handler400
from trinity.urls import handler403 as handler403
from trinity.urls import handler404 as handler404
from trinity.urls import handler500 as handler500
from trinity.urls import urlpatterns as real

FAILURES: dict[str, Exception] = {
    "400": SuspiciousOperation("no"),
    "403": PermissionDenied("no"),
    "404": Http404("no"),
    "500": RuntimeError("ada@example.com"),
    "503": RedisConnectionError("no"),
    "away": OperationalError("server of ada@example.com closed the connection"),
    "locked": OperationalError("deadlock"),
}

FAILURES["locked"].__cause__ = DeadlockDetected()


def fail(_request: HttpRequest, how: str) -> HttpResponse:
    """Fail."""
    raise FAILURES[how]


urlpatterns = [path("fail/<how>/", fail), path("console/fail/<how>/", fail), *real]

"""Two questions from outside: does this process answer, and can it do its work.

``GET /healthz`` looks at nothing but itself: who restarts processes asks it. ``GET /readyz`` looks
at the database, its migrations, the broker, Stripe's door and the sweeps: who sends traffic asks
it. Answers name what failed and never how, because errors quote addresses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel import due_work
from kernel.broker import take_a_write
from kernel.connections import is_database_away
from kernel.permissions import public
from trinity.stack.answers import answers

BROKER_TIMEOUT_S: Final = 1
DOORS_TIMEOUT_S: Final = 1
NEED_DATABASE: Final = frozenset({"migrations", "sweeps"})

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """One thing that work depends on is missing. The text names it, without a secret."""


@public
@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200: this process serves requests."""
    return JsonResponse({"status": "ok"})


@public
@require_safe
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when all checks pass, else 503; the body names each check's result."""
    now = timezone.now()
    results: dict[str, str] = {}
    for name, check in CHECKS.items():
        if name == "doors" and not settings.DOORS_URL:
            continue  # Stripe posts to this process
        # Each would wait for the same time-out, and say nothing new.
        is_pointless = name in NEED_DATABASE and results["database"] != "ok"
        results[name] = "not asked" if is_pointless else _result(name, check, now=now)
    is_ready = set(results.values()) == {"ok"}
    return JsonResponse(
        {"status": "ok" if is_ready else "not ready", "checks": results},
        status=200 if is_ready else 503,
    )


def _result(name: str, check: Callable[[datetime], None], *, now: datetime) -> str:
    try:
        check(now)
    except NotReady as missing:
        return str(missing)
    except (DatabaseError, redis.RedisError, OSError) as error:
        # It is asked every few seconds, and who is away is away for the same reason each time.
        is_news = not is_database_away(error)
        logger.error(
            "readyz: %s failed", name, exc_info=is_news, extra={"error": type(error).__name__}
        )
        return "unreachable"
    return "ok"


def _database(_now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations(_now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    if missing := _expected_migrations() - applied:
        raise NotReady(f"{len(missing)} not applied")


@cache
def _expected_migrations() -> frozenset[tuple[str, str]]:
    """Return the last migrations of all apps; the code on disk does not change under us."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _broker(_now: datetime) -> None:
    """Ask for a write: a Redis that is full still answers PING, and every login fails."""
    try:
        take_a_write(settings.REDIS_URL, timeout_s=BROKER_TIMEOUT_S)
    except redis.ResponseError as error:
        logger.warning("readyz: redis refuses writes", extra={"error": type(error).__name__})
        raise NotReady("refuses writes") from error


def _doors(_now: datetime) -> None:
    if not answers(f"{settings.DOORS_URL}/healthz", timeout_s=DOORS_TIMEOUT_S):
        raise NotReady("unreachable")


def _sweeps(now: datetime) -> None:
    """Work that is past due shows that workers or sweeps stand still, whatever the reason."""
    kinds = due_work.known()
    late = due_work.of_our_processes(due_work.late(now))
    if late:
        raise NotReady(f"late: {', '.join(sorted(kinds[kind].words for kind in late))}")


CHECKS: Final[Mapping[str, Callable[[datetime], None]]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "doors": _doors,
    "sweeps": _sweeps,
}

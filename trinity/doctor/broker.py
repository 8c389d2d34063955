"""Redis: whether it answers, takes writes, and lets strangers in."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from kernel.broker import take_a_write
from trinity.doctor.findings import Finding, bad, ok, warn
from trinity.flow import TOOLS_QUEUE

PING_TIMEOUT_S: Final = 2.0
TIMEOUTS: Final = {"socket_timeout": PING_TIMEOUT_S, "socket_connect_timeout": PING_TIMEOUT_S}


def look_at_broker() -> Iterator[Finding]:
    """Redis, who may reach it, and whether a worker answers."""
    try:
        take_a_write(settings.REDIS_URL, timeout_s=PING_TIMEOUT_S)
    except redis.AuthenticationError:
        yield bad("broker", "Redis refuses the password", "Correct the one in REDIS_URL.")
        return
    except redis.ResponseError as error:
        is_full = isinstance(error, redis.exceptions.OutOfMemoryError)
        why = "its memory is full" if is_full else type(error).__name__
        yield bad(
            "broker",
            f"Redis answers but refuses writes ({why})",
            "Give it memory and disk, and be its primary: nothing can be counted or queued.",
        )
        return
    except redis.RedisError:
        yield bad("broker", "Redis does not answer", "Check REDIS_URL and that Redis runs.")
        return
    yield ok("broker", "Redis answers and takes writes")
    yield from _door(settings.REDIS_URL)
    try:
        answers = current_app.control.ping(timeout=PING_TIMEOUT_S) or []
    except (OperationalError, OSError, redis.RedisError):
        answers = []
    names = [name for answer in answers for name in answer]
    if names:
        yield ok("workers", f"{len(names)} answer")
        yield from _tools_worker(names)
    else:
        yield bad("workers", "none answers", "Start one: celery -A trinity worker (bin/run does).")


def _tools_worker(names: Sequence[str]) -> Iterator[Finding]:
    """What people approved runs in a worker of its own queue; no other takes it."""
    if any(name.startswith(f"{TOOLS_QUEUE}@") for name in names):
        yield ok("worker of approved calls", "answers")
        return
    yield bad(
        "worker of approved calls",
        "none answers, so nothing that was approved is done",
        "Start worker-tools (docs/operations.md).",
    )


def _door(url: str) -> Iterator[Finding]:
    """Who may write there may reset every limit and wake any task."""
    parts = urlsplit(url)
    if parts.scheme == "unix" and _is_ours_alone(Path(parts.path)):
        yield ok("Redis' door", "a socket that only this user may open")
    elif _lets_strangers_in(url):
        yield warn(
            "Redis' door",
            "open without a password to whoever reaches it",
            "Set a password (requirepass) and put it into REDIS_URL: redis://:password@host:6379/0.",
        )
    else:
        yield ok("Redis' door", "asks for a password")


def _is_ours_alone(socket: Path) -> bool:
    try:
        about = socket.stat()
    except OSError:
        return False
    is_open_to_others = stat.S_IMODE(about.st_mode) & 0o077
    return stat.S_ISSOCK(about.st_mode) and about.st_uid == os.geteuid() and not is_open_to_others


def _lets_strangers_in(url: str) -> bool:
    """Knock without the password: what the address says is not what the server asks for."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(
        each for each in parts.query.split("&") if not each.startswith(("password=", "username="))
    )
    # urlunsplit would lose the empty host of a socket's address.
    bare = f"{parts.scheme}://{host}{parts.path}{'?' if query else ''}{query}"
    with redis.Redis.from_url(bare, **TIMEOUTS) as stranger:
        try:
            stranger.ping()
        except redis.RedisError:
            return False
    return True

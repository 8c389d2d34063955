"""Rate limits, kept in Redis and shared by every worker."""

from __future__ import annotations

import hashlib
import logging

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def visitor_key(request: HttpRequest) -> str:
    """Return a name for the visitor's address that is no address: a short digest."""
    address = request.META.get("REMOTE_ADDR", "")
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def allow(*, what: str, who: str, limit: int, per_s: int, is_open_on_failure: bool) -> bool:
    """Count one use of ``what`` by ``who``; say whether at most ``limit`` fell in ``per_s``.

    With Redis down the answer is ``is_open_on_failure``: public forms stay open (and the failure
    is logged), a login stays shut.
    """
    key = f"limit:{what}:{who}"
    try:
        cache.add(key, 0, timeout=per_s)
        return bool(cache.incr(key) <= limit)
    except ValueError:  # the key expired between the two commands: a new window began
        return True
    except RedisError as error:
        logger.warning("limit not counted", extra={"what": what, "error": type(error).__name__})
        return is_open_on_failure

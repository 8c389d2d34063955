"""Rate limits, kept in Redis and shared by every worker."""

from __future__ import annotations

import functools
import hashlib
import logging
from ipaddress import IPv4Address, IPv6Network, ip_address
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from redis import Redis
from redis.exceptions import RedisError

from kernel import hourly_counters

logger = logging.getLogger(__name__)
HOUSEHOLD_BITS: Final = 64  # what a provider gives one line
# A counter that ran out stays away: DECR alone would make one below zero, without an end.
TAKE_OFF: Final = (
    "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECRBY', KEYS[1], ARGV[1]) end"
)


def visitor_key(request: HttpRequest) -> str:
    """Return a name for the visitor's address that is no address: a short digest."""
    address = _of_one_household(request.META.get("REMOTE_ADDR", ""))
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def _of_one_household(address: str) -> str:
    """Return what one visitor cannot change at will: of IPv6 that is the network, a /64."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv4Address):
        return address
    return str(known.ipv4_mapped or IPv6Network((known, HOUSEHOLD_BITS), strict=False))


def allow(*, what: str, who: str, limit: int, per_s: int, is_open_on_failure: bool) -> bool:
    """Count one use of ``what`` by ``who``; say whether at most ``limit`` fell in ``per_s``.

    With Redis down public forms stay open, and the failure is logged. Where ``is_open_on_failure``
    is false, RedisError is raised: a login that cannot count answers 503.
    """
    try:
        return count_use(what=what, who=who, limit=limit, per_s=per_s) <= limit
    except RedisError:
        if not is_open_on_failure:
            raise
        return True


def count_use(*, what: str, who: str, limit: int, per_s: int) -> int:
    """Count one use of ``what`` by ``who``; return how many fell in ``per_s``, this one included.

    One beyond ``limit`` is counted as refused. Raises RedisError, which is logged.
    """
    key = cache.make_key(f"limit:{what}:{who}")
    try:
        with connections_to(settings.CACHES["default"]["LOCATION"]).pipeline() as both:
            # In this order: a key that ran out is born again by the count, and gets its end.
            both.incr(key)
            both.expire(key, per_s, nx=True)
            uses = int(both.execute()[0])
    except RedisError as error:
        logger.warning("limit not counted", extra={"what": what, "error": type(error).__name__})
        raise
    if uses > limit:
        hourly_counters.count(
            hourly_counters.LIMIT, hourly_counters.door_of(what), now=timezone.now()
        )
    return uses


def give_back(*, what: str, who: str, uses: int | None = 1) -> None:
    """Take ``uses`` off what was counted, or all of it (None).

    With Redis down, or when the window has ended meanwhile, nothing is left to take it off.
    """
    key = cache.make_key(f"limit:{what}:{who}")
    try:
        redis = connections_to(settings.CACHES["default"]["LOCATION"])
        if uses is None:
            redis.delete(key)
        else:
            redis.eval(TAKE_OFF, 1, key, uses)
    except RedisError as error:
        logger.warning("limit not given back", extra={"what": what, "error": type(error).__name__})


def remember(*, what: str, who: str, for_s: int) -> None:
    """Keep for ``for_s`` seconds that ``what`` holds of ``who``. With Redis down it is not kept."""
    try:
        connections_to(settings.CACHES["default"]["LOCATION"]).set(_fact(what, who), 1, ex=for_s)
    except RedisError as error:
        logger.warning("not remembered", extra={"what": what, "error": type(error).__name__})


def is_remembered(*, what: str, who: str) -> bool:
    """Say whether ``what`` is known to hold of ``who``. With Redis down nothing is."""
    try:
        return bool(connections_to(settings.CACHES["default"]["LOCATION"]).exists(_fact(what, who)))
    except RedisError as error:
        logger.warning("not looked up", extra={"what": what, "error": type(error).__name__})
        return False


def _fact(what: str, who: str) -> str:
    return cache.make_key(f"fact:{what}:{hashlib.sha256(who.encode()).hexdigest()[:32]}")


@functools.cache
def connections_to(location: str) -> Redis:
    """Return the connections to the Redis of the cache, which can count but set no end with it."""
    return Redis.from_url(location, **settings.CACHES["default"]["OPTIONS"])

"""Picks the adapter that settings name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from revenue.ports import PaymentGateway
from toolrouter.connections import Connection

WEB_TIMEOUT_S = 5.0  # a buyer is waiting
WORKER_TIMEOUT_S = 20.0


@cache
def _gateway(timeout_s: float, retries: int) -> PaymentGateway:
    gateway: PaymentGateway = import_string(settings.PAYMENT_GATEWAY).from_settings(
        settings, timeout_s=timeout_s, retries=retries
    )
    return gateway


def gateway_for_web() -> PaymentGateway:
    """Return the gateway for a page that somebody waits for: 5 s, no retries."""
    return _gateway(WEB_TIMEOUT_S, 0)


def gateway_for_worker() -> PaymentGateway:
    """Return the gateway for work in the background: 20 s, two retries with the same key."""
    return _gateway(WORKER_TIMEOUT_S, 2)


def gateway_for_tools() -> PaymentGateway:
    """Return the gateway for what an agent causes: 20 s, and never a second try by itself."""
    return _gateway(WORKER_TIMEOUT_S, 0)


def stripe_connection() -> Connection:
    """Return where calls to Stripe go, by the adapter that makes them where there is a key."""
    if not settings.STRIPE_SECRET_KEY:
        return Connection(account=stripe_account(), address=settings.STRIPE_API_BASE)
    gateway = gateway_for_tools()
    return Connection(
        account=stripe_account(),
        address=gateway.base_address(),
        key_digest=gateway.key_digest,
    )


def stripe_account() -> str:
    """Name the account that calls go to, and where: the same in processes that hold no key.

    Which mode a key is of is asked at start-up (``trinity.guards``), and of each answer.
    """
    account = settings.STRIPE_ACCOUNT or "own account"
    return f"{account} at {urlsplit(settings.STRIPE_API_BASE).netloc}"


def is_stripe_itself() -> bool:
    """Say whether answers come from Stripe, or from a stand-in at another base address."""
    return bool(settings.STRIPE_API_BASE == settings.STRIPE_OWN_API_BASE)


class TooManyCalls(Exception):
    """Half of this process's threads are waiting for Stripe already. Say so, do not queue."""


# Places from which a web page may wait for Stripe, in this process.
_web_calls = threading.BoundedSemaphore(max(1, settings.WEB_BLOCKING_THREADS // 2))
_lookups = threading.BoundedSemaphore(1)
_purchases = threading.BoundedSemaphore(settings.WEB_PURCHASE_THREADS)


@contextmanager
def _one_of(places: threading.BoundedSemaphore) -> Iterator[None]:
    if not places.acquire(blocking=False):
        raise TooManyCalls
    try:
        yield
    finally:
        places.release()


def one_web_call() -> AbstractContextManager[None]:
    """Hold one of the few places from which a web page may wait for Stripe.

    Raises TooManyCalls at once when none is free, so that pages that need no Stripe stay fast.
    """
    return _one_of(_web_calls)


def one_purchase() -> AbstractContextManager[None]:
    """Hold one of the places from which Stripe is asked for the page on which somebody pays.

    There are as many as threads for it. Raises TooManyCalls.
    """
    return _one_of(_purchases)


def one_lookup() -> AbstractContextManager[None]:
    """Hold the one place from which Stripe is asked about a session that we do not know.

    Whoever invents ids waits for this one, and takes none from people who buy. Raises TooManyCalls.
    """
    return _one_of(_lookups)

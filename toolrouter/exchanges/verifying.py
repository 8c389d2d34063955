"""Providers are asked whose account our key opens; what they say is written down."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import transaction

from kernel.exchanges import Clock
from kernel.modes import Mode
from kernel.retries import CallFailed, Refused
from toolrouter.connections import Connection, Proved, Provider, providers
from toolrouter.models import ProviderReadiness
from toolrouter.operations.readiness import note_readiness
from toolrouter.queries.readiness import is_same_key, is_same_place, newest_of, readiness_of
from toolrouter.vocabulary import Readiness

logger = logging.getLogger(__name__)

OTHER_WORLD: Final = "livemode_differs"  # a stand-in that says it is live
LEVELS: Final = {
    Mode.LIVE: Readiness.LIVE_VERIFIED,
    Mode.TEST: Readiness.TEST_VERIFIED,
    Mode.SANDBOX: Readiness.SANDBOX_VERIFIED,
}


class CannotVerify(Exception):
    """Nothing was found out, and nothing was changed. ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What one test came to. ``code``: why the provider proved nothing."""

    level: Readiness
    account_ref: str
    code: str


def verify_provider(
    provider: Provider, *, actor_id: int | None, clock: Clock, is_waited_for: bool = False
) -> Verified:
    """Ask ``provider`` under the key of this process, and write down what it said.

    A provider that turns the key away takes back what was proved before. Raises CannotVerify where
    there is nobody to ask, no key, or no answer.
    """
    connection = provider.connection()
    if not provider.has_api or connection is None or connection.key_digest is None:
        raise CannotVerify("no_key")
    try:
        said = provider.ask(is_waited_for=is_waited_for)
    except Refused as refusal:
        row = _note_refusal(provider, connection, refusal.code, actor_id=actor_id, clock=clock)
    except CallFailed as error:
        raise CannotVerify(error.code) from error
    else:
        row = _note(provider, connection, said, actor_id=actor_id, clock=clock)
    return Verified(level=Readiness(row.level), account_ref=row.account_ref, code=row.code)


def note_keys(*, clock: Clock) -> int:
    """Note each provider whose key or address is another than what was noted; return how many.

    So that processes without a key soon know that nothing was proved of the new one. In the sandbox
    the stand-in is asked at once: nothing real moves there.
    """
    noted = 0
    for provider in providers():
        connection = provider.connection()
        if connection is None or connection.key_digest is None:
            continue
        row = newest_of(provider.name)
        if not (row and is_same_place(row, connection) and is_same_key(row, connection)):
            with transaction.atomic(durable=True):
                note_readiness(
                    provider.name,
                    Readiness.SECRET_STORED,
                    connection,
                    mode=settings.DEPLOYMENT_MODE,
                    actor_id=None,
                    now=clock(),
                )
            noted += 1
        if settings.DEPLOYMENT_MODE == Mode.SANDBOX:
            _verify_in_sandbox(provider, clock=clock)
    return noted


def _verify_in_sandbox(provider: Provider, *, clock: Clock) -> None:
    if readiness_of(provider.name).level == Readiness.SANDBOX_VERIFIED:
        return
    try:
        verify_provider(provider, actor_id=None, clock=clock)
    except CannotVerify as error:
        logger.info("provider not asked", extra={"provider": provider.name, "code": error.code})


def _note(
    provider: Provider,
    connection: Connection,
    said: Proved,
    *,
    actor_id: int | None,
    clock: Clock,
) -> ProviderReadiness:
    """Write down what the provider said; a stand-in that says it is live is not believed."""
    if said.is_live and said.is_stand_in:
        return _note_refusal(provider, connection, OTHER_WORLD, actor_id=actor_id, clock=clock)
    mode = Mode.SANDBOX if said.is_stand_in else Mode.LIVE if said.is_live else Mode.TEST
    with transaction.atomic(durable=True):
        return note_readiness(
            provider.name,
            LEVELS[mode],
            connection,
            mode=mode,
            actor_id=actor_id,
            now=clock(),
            account_ref=said.account_ref,
            livemode=said.is_live,
        )


def _note_refusal(
    provider: Provider, connection: Connection, code: str, *, actor_id: int | None, clock: Clock
) -> ProviderReadiness:
    with transaction.atomic(durable=True):
        return note_readiness(
            provider.name,
            Readiness.SECRET_STORED,
            connection,
            mode=settings.DEPLOYMENT_MODE,
            actor_id=actor_id,
            now=clock(),
            code=code,
        )

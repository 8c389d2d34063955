"""What every part of the sandbox is handed: its memory, its settings, the time, and who asked."""

import asyncio
import time
from dataclasses import dataclass, field

from sandbox.settings import Settings
from sandbox.store import Store


class Refused(Exception):
    """What was asked for cannot be done (any more). Nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One instant in which something happens, and the API request that caused it (if one did)."""

    store: Store
    settings: Settings
    now_s: float
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def now(self) -> int:
        """Unix time in whole seconds, as Stripe writes it."""
        return int(self.now_s)


@dataclass(slots=True, kw_only=True)
class World:
    """The running sandbox."""

    settings: Settings
    store: Store
    alarm: asyncio.Event = field(default_factory=asyncio.Event)

    def moment(
        self, *, request_id: str | None = None, idempotency_key: str | None = None
    ) -> Moment:
        """The present, at the request of ``request_id``."""
        return Moment(
            store=self.store,
            settings=self.settings,
            now_s=time.time(),
            request_id=request_id,
            idempotency_key=idempotency_key,
        )

    def wake(self) -> None:
        """Let the background loop look for due work now."""
        self.alarm.set()

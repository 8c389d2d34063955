"""What every part of the sandbox is handed: its store, its settings, the time, and who asked."""

import asyncio
import time
from dataclasses import dataclass, field

from sandbox.settings import Settings
from sandbox.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """What one piece of work needs: the store, the present, and the API request (if there is one).

    Pages and background jobs have no API request.
    """

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
class State:
    """The running sandbox: one for the whole process."""

    settings: Settings
    store: Store
    alarm: asyncio.Event = field(default_factory=asyncio.Event)

    def context(
        self, *, request_id: str | None = None, idempotency_key: str | None = None
    ) -> RequestContext:
        """The present, for the request ``request_id``."""
        return RequestContext(
            store=self.store,
            settings=self.settings,
            now_s=time.time(),
            request_id=request_id,
            idempotency_key=idempotency_key,
        )

    def wake(self) -> None:
        """Let the background loop look for due work now."""
        self.alarm.set()

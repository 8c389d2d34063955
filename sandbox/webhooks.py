"""Sending webhooks: made anew for each attempt, retried with growing pauses, many at once."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from sandbox.faults import Fault, FaultTarget, draw_fault
from sandbox.state import RequestContext, State
from sandbox.store import Doc, Row, Store

log = logging.getLogger("sandbox")

AT_ONCE_MAX: Final = 64
CONNECTIONS_MAX: Final = 16
BACKOFF_S_MAX: Final = 60.0
REORDER_MS_DEFAULT: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One event as it goes out to one endpoint, signed for this very attempt."""

    url: str
    body: bytes
    headers: Mapping[str, str]


# Makes the request from an event's document (with its ``type``) and an endpoint's.
WebhookFormat = Callable[[RequestContext, Doc, Doc], WebhookRequest]


def queue_delivery(context: RequestContext, *, event_id: str, endpoint_id: str) -> int:
    """Ask for one delivery now. A resend queues another one beside the first."""
    return context.store.write(
        "INSERT INTO deliveries (event_id, endpoint_id, state, due_at) VALUES (?, ?, 'pending', ?)",
        (event_id, endpoint_id, context.now_s),
    )


def pending_deliveries(store: Store) -> int:
    """How many are neither delivered nor given up."""
    row = store.row("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'")
    return 0 if row is None else int(row["n"])


class WebhookSender:
    """Takes due deliveries from the store and carries them out.

    ``formats``: each vendor's, by the kind of its endpoints' documents.
    """

    def __init__(self, state: State, formats: Mapping[str, WebhookFormat]) -> None:
        self._state = state
        self._formats = formats
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._answered: dict[str, asyncio.Event] = {}
        self._client = httpx.AsyncClient(
            timeout=state.settings.webhook_timeout_s,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        )

    async def close(self) -> None:
        """Drop what is under way (it stays queued) and the connections."""
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        await self._client.aclose()

    def start_due(self) -> float | None:
        """Start what is due; return seconds until the next is, or None when nothing waits."""
        now_s = time.time()
        rows = self._state.store.rows(
            "SELECT * FROM deliveries WHERE state = 'pending' ORDER BY due_at, id LIMIT ?",
            (2 * AT_ONCE_MAX,),  # Those under way are among them, so there is always room to start.
        )
        for row in rows:
            if row["id"] in self._under_way:
                continue
            if row["due_at"] > now_s:
                return max(0.0, float(row["due_at"]) - now_s)
            if len(self._under_way) >= AT_ONCE_MAX:
                return None  # The end of one wakes the loop again.
            task = asyncio.create_task(self._deliver(row))
            self._under_way[row["id"]] = task
        return None

    async def wait_for_answer(self, event_id: str, *, timeout_s: float) -> bool:
        """Wait until the event's first attempt has had an answer (of any kind).

        False when the time runs out, or when nobody listens.
        """
        if not self._state.store.rows("SELECT 1 FROM deliveries WHERE event_id = ?", (event_id,)):
            return False
        answered = self._answered.setdefault(event_id, asyncio.Event())
        try:
            await asyncio.wait_for(answered.wait(), timeout_s)
        except TimeoutError:
            return False
        finally:
            self._answered.pop(event_id, None)
        return True

    async def _deliver(self, row: Row) -> None:
        try:
            await self._attempt(row)
        finally:
            del self._under_way[row["id"]]
            answered = self._answered.get(row["event_id"])
            if answered is not None:
                answered.set()
            self._state.wake()

    async def _attempt(self, row: Row) -> None:
        store = self._state.store
        endpoint, event = store.find(row["endpoint_id"]), store.find(row["event_id"])
        if endpoint is None or event is None:  # Deleted, or the sandbox was reset meanwhile.
            self._settle(row, state="given_up")
            return
        fault = draw_fault(store, target=FaultTarget.WEBHOOK, event_type=event["type"])
        if fault is not None and await self._is_stopped(row, fault):
            return
        sends = fault.times if fault is not None and fault.effect == "duplicate" else 1
        request = self._formats[endpoint["object"]](self._state.context(), event, endpoint)
        outcomes = await asyncio.gather(*(self._post(request) for _ in range(sends)))
        for started_s, status, error in outcomes:
            self._log_attempt(row, started_s, status, error)
        if any(status is not None and 200 <= status < 300 for _, status, _ in outcomes):
            self._settle(row, state="delivered")
        else:
            self._retry_later(row)

    async def _is_stopped(self, row: Row, fault: Fault) -> bool:
        """Do what the rule asks; whether this attempt is over with that."""
        if fault.effect == "drop":
            self._log_attempt(row, time.time(), None, "dropped by a fault, never to be sent")
            self._settle(row, state="given_up")
            return True
        if fault.effect == "fail":
            self._log_attempt(row, time.time(), None, "failed by a fault")
            self._retry_later(row)
            return True
        if fault.effect == "reorder":
            # Held back for a share of the window, so that later events overtake this one.
            window_ms = fault.delay_ms or REORDER_MS_DEFAULT
            share = int(hashlib.sha256(f"{fault.seed}:{row['id']}".encode()).hexdigest()[:4], 16)
            await asyncio.sleep(window_ms * share / 0xFFFF / 1_000)
        elif fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1_000)
        return False

    async def _post(self, request: WebhookRequest) -> tuple[float, int | None, str | None]:
        started_s = time.time()
        try:
            response = await self._client.post(
                request.url, content=request.body, headers=request.headers
            )
        except httpx.HTTPError as error:
            return started_s, None, f"{type(error).__name__}: {error}"[:200]
        return started_s, response.status_code, None

    def _log_attempt(
        self, row: Row, started_s: float, status: int | None, error: str | None
    ) -> None:
        self._state.store.write(
            "INSERT INTO attempts (delivery_id, started_at, ms, status, error)"
            " VALUES (?, ?, ?, ?, ?)",
            (row["id"], started_s, int((time.time() - started_s) * 1_000), status, error),
        )

    def _settle(self, row: Row, *, state: str) -> None:
        self._state.store.write(
            "UPDATE deliveries SET state = ?, attempts = attempts + 1 WHERE id = ?",
            (state, row["id"]),
        )

    def _retry_later(self, row: Row) -> None:
        settings = self._state.settings
        attempts = row["attempts"] + 1
        if attempts >= settings.webhook_attempts_max:
            log.warning("gave up on %s after %d attempts", row["event_id"], attempts)
            self._settle(row, state="given_up")
            return
        pause_s = min(BACKOFF_S_MAX, settings.webhook_backoff_s * 2 ** (attempts - 1))
        self._state.store.write(
            "UPDATE deliveries SET attempts = ?, due_at = ? WHERE id = ?",
            (attempts, time.time() + pause_s, row["id"]),
        )

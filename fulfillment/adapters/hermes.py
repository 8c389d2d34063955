"""The Hermes Agent, over its HTTP API (version 0.19).

What it does not promise is not relied on: it ignores idempotency keys, does not list its runs,
forgets them when it is killed, and says ``completed`` whatever came of the work.
"""

from __future__ import annotations

from typing import Any, Final, Self

import httpx
from django.conf import LazySettings

from fulfillment.ports import (
    STARTS_S_MAX,
    Fault,
    Runtime,
    RuntimeAway,
    RuntimeBusy,
    RuntimeRefused,
    RuntimeUnsure,
    Status,
    Work,
)

WORK: Final = {
    "queued": Work.GOING,
    "running": Work.GOING,
    "waiting_for_approval": Work.GOING,
    "stopping": Work.STOPPING,
    "completed": Work.COMPLETED,
    "failed": Work.FAILED,
    "cancelled": Work.CANCELLED,
}


class HermesRuntime:
    """One Hermes, where lane N is the profile wN that has our tools under the seat of that lane."""

    def __init__(self, *, address: str, key: str, lanes: int, timeout_s: float) -> None:
        if not key:
            raise ValueError("without a key nobody is asked for work")
        self._lanes = lanes
        self._client = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    @classmethod
    def from_settings(cls, settings: LazySettings) -> Self:
        """Return the one that settings name."""
        return cls(
            address=settings.AGENT.url,
            key=settings.AGENT.key,
            lanes=settings.AGENT.lanes,
            timeout_s=STARTS_S_MAX,
        )

    def faults(self) -> list[Fault]:
        found = []
        for profile in ("", *(f"/p/w{number}" for number in range(1, self._lanes + 1))):
            for toolset in self._listed(f"{profile}/v1/toolsets"):
                if toolset.get("enabled") is not False:
                    found.append(Fault(code="toolset", about=str(toolset.get("name"))[:60]))
            for skill in self._listed(f"{profile}/v1/skills"):
                found.append(Fault(code="skill", about=str(skill.get("name"))[:60]))
        return list(dict.fromkeys(found))

    def start(self, *, lane: str, session: str, words: str) -> str:
        answer = self._ask(
            "POST", f"/p/{_profile(lane)}/v1/runs", {"input": words, "session_id": session}
        )
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise RuntimeBusy
        name = _told(answer, 202).get("run_id")
        if not isinstance(name, str) or not name:
            raise RuntimeUnsure("taken, under no name")
        return name

    def is_known(self, session: str, *, lane: str) -> bool:
        return self._session(session, lane) is not None

    def status(self, runtime_id: str, *, session: str, lane: str) -> Status:
        answer = self._ask("GET", f"/v1/runs/{runtime_id}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return Status(work=Work.GONE, tokens=self._tokens(session, lane))
        said = _told(answer, 200).get("status")
        if said not in WORK:
            raise RuntimeUnsure("in a state that we do not know")
        return Status(work=WORK[said], tokens=self._tokens(session, lane))

    def stop(self, runtime_id: str) -> None:
        answer = self._ask("POST", f"/v1/runs/{runtime_id}/stop", {})
        if answer.status_code != httpx.codes.NOT_FOUND:  # then it is over already
            _told(answer, 200)

    def forget(self, session: str, *, lane: str) -> None:
        answer = self._ask("DELETE", _of_session(session, lane))
        if answer.status_code != httpx.codes.NOT_FOUND:
            _told(answer, 200)

    def _tokens(self, session: str, lane: str) -> int | None:
        """Return what a session used: a run's own count comes only when it has completed."""
        known = self._session(session, lane)
        counts = [known.get(name) for name in ("input_tokens", "output_tokens")] if known else []
        numbers = [count for count in counts if isinstance(count, int)]
        return sum(numbers) if numbers else None

    def _session(self, session: str, lane: str) -> dict[str, Any] | None:
        answer = self._ask("GET", _of_session(session, lane))
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found = _told(answer, 200).get("session")
        return found if isinstance(found, dict) else {}

    def _listed(self, path: str) -> list[dict[str, Any]]:
        found = _told(self._ask("GET", path), 200).get("data")
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise RuntimeUnsure("no list")
        return found

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        """Ask once. Raises RuntimeAway where it never went out, RuntimeUnsure where it may have."""
        try:
            return self._client.request(method, path, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise RuntimeAway(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise RuntimeUnsure(type(error).__name__) from error


def _profile(lane: str) -> str:
    return f"w{lane.removeprefix('lane')}"


def _of_session(session: str, lane: str) -> str:
    return f"/p/{_profile(lane)}/api/sessions/{session}"


def _told(answer: httpx.Response, wanted: int) -> dict[str, Any]:
    """Return what an answer says. Raises RuntimeRefused, RuntimeUnsure."""
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise RuntimeRefused("key_refused")
    if httpx.codes.BAD_REQUEST <= answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
        raise RuntimeRefused(f"http_{answer.status_code}")
    if answer.status_code != wanted:
        raise RuntimeUnsure(f"http_{answer.status_code}")
    try:
        said = answer.json()
    except ValueError as error:
        raise RuntimeUnsure("no JSON") from error
    return said if isinstance(said, dict) else {}


_IS_A_PORT: type[Runtime] = HermesRuntime  # held here by mypy

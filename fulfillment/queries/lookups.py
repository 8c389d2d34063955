"""What an agent is told of what it wanted looked up."""

from __future__ import annotations

import json
from typing import Any, Final

from fulfillment.enums import LookupKind, LookupState, SourceState
from fulfillment.models import Lookup, Source
from toolrouter.ports import Status

# As JSON, so that any alphabet fits beside the rest of an answer, whatever is taken out of it.
TEXT_CHARS_MAX: Final = 9_000
_STATUS: Final = {
    LookupState.QUEUED: Status.IN_PROGRESS,
    LookupState.RUNNING: Status.IN_PROGRESS,
    LookupState.DONE: Status.DONE,
    LookupState.FAILED: Status.FAILED,
}


def lookup_for_agent(reference: str) -> tuple[Status, dict[str, Any]]:
    """Return how far a lookup is, and what its run is told of what was found. One statement."""
    lookup = Lookup.objects.select_related("source").defer("source__body").get(reference=reference)
    status = _STATUS[LookupState(lookup.state)]
    if status == Status.FAILED:
        return status, {"lookup": lookup.reference, "why": lookup.error}
    if status == Status.IN_PROGRESS:
        return status, {"lookup": lookup.reference}
    if lookup.kind == LookupKind.SEARCH or lookup.source is None:
        return status, {"count": lookup.found_count, "results": lookup.found or []}
    return status, _told_of(lookup.source)


def _told_of(source: Source) -> dict[str, Any]:
    told: dict[str, Any] = {
        "source": source.reference,
        "state": source.state,
        "url": source.final_url,
        "read_at": source.read_at.isoformat(timespec="seconds"),
    }
    if source.state != SourceState.RELEASED:
        return told | {"why": list(source.codes)}
    text = fitting(source.text, chars_max=TEXT_CHARS_MAX)
    told |= {"title": source.title, "text": text, "is_whole": text == source.text}
    if source.published_on:
        told["published_on"] = source.published_on.isoformat()
    return told


def fitting(text: str, *, chars_max: int) -> str:
    """Return the beginning of ``text`` that is at most ``chars_max`` characters long as JSON."""
    while (chars := len(json.dumps(text))) > chars_max:
        text = text[: len(text) * chars_max // chars - 1]
    return text

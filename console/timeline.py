"""One timeline out of the lines that several apps keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from console.addresses import address_of
from crm.queries import ActivityLine
from fulfillment.enums import FreezeReason
from fulfillment.queries import EventLine
from kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A record that a line names, and where it is shown."""

    words: str
    reference: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line, as a page shows it."""

    at: datetime
    title: str
    actor: str = ""
    amount: Money | None = None
    mode: str = ""
    note: str = ""  # ours
    words: str = ""  # a person's
    is_agents: bool = False  # the words are an agent's
    are_words_erased: bool = False
    links: tuple[Link, ...] = ()


def merged(*sources: Iterable[Line]) -> list[Line]:
    """Return the lines of all ``sources``, newest first; of one moment, in the order given."""
    return sorted((line for lines in sources for line in lines), key=_moment, reverse=True)


def _moment(line: Line) -> datetime:
    return line.at


def of_activities(activities: Iterable[ActivityLine], *, is_deal_named: bool) -> list[Line]:
    """Return crm's lines; ``is_deal_named`` adds the deal, where a page is about several."""
    return [
        Line(
            at=line.occurred_at,
            title=line.title,
            actor=line.actor,
            amount=line.amount,
            mode=line.mode,
            words=line.words,
            is_agents=line.is_agents,
            are_words_erased=line.are_words_erased,
            links=_links({**line.refs, **({"deal": line.deal_ref} if is_deal_named else {})}),
        )
        for line in activities
    ]


def of_run(run_ref: str, events: Iterable[EventLine], *, mode: str) -> list[Line]:
    """Return a run's lines. A bound or a reason is said in words."""
    return [
        Line(
            at=event.occurred_at,
            title=event.words,
            note=_facts_in_words(event),
            mode=mode,
            links=_links({"run": run_ref}) if run_ref else (),
        )
        for event in events
    ]


def _facts_in_words(event: EventLine) -> str:
    if "reason" in event.facts:
        return f"Because {FreezeReason(str(event.facts['reason'])).label}."
    if "steps_max" in event.facts:
        return f"At most {event.facts['steps_max']} steps."
    return ""


def _links(refs: dict[str, str]) -> tuple[Link, ...]:
    return tuple(
        Link(words=name.replace("_", " "), reference=ref, address=address_of(ref))
        for name, ref in refs.items()
    )

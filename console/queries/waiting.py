"""What waits for a person, by kind, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.addresses import address_of
from crm import queries as crm
from kernel.modes import Mode
from revenue import queries as revenue
from revenue.enums import AlertKind, MailState
from revenue.queries import WaitingItem

SHOWN_PER_GROUP: Final = 5
COUNTED_MAX: Final = 99

# Kind -> (one, many, the page where it is done, for the navigation).
KINDS: Final = {
    "review": ("order needs a verdict", "orders need a verdict", "review-list"),
    "alert": ("alert stands", "alerts stand", ""),
    "dead_event": ("Stripe event needs a person", "Stripe events need a person", "event-list"),
    "double": ("possible double payment", "possible double payments", ""),
    "mail": ("e-mail to a buyer did not leave", "e-mails to buyers did not leave", "outbox"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One item, as the dashboard shows it."""

    item: WaitingItem
    words: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingGroup:
    """Everything of one kind that waits: how much, since when, and the newest few."""

    words: str
    count: int
    count_words: str
    url_name: str
    oldest_at: datetime | None
    shown: Sequence[Shown]

    @property
    def is_more(self) -> bool:
        """Say whether the newest few are not all of them."""
        return self.count > len(self.shown)


def groups_of(items: Sequence[WaitingItem], *, leads_waiting: int) -> list[WaitingGroup]:
    """Return what waits, the most pressing kind first; kinds without anything are left out."""
    groups = []
    for kind, (one, many, url_name) in KINDS.items():
        of_kind = [item for item in items if item.what == kind]
        if of_kind:
            groups.append(
                WaitingGroup(
                    words=one if len(of_kind) == 1 else many,
                    count=len(of_kind),
                    count_words=_bounded(len(of_kind)),
                    url_name=url_name,
                    oldest_at=min(item.at for item in of_kind),
                    shown=[_shown(item) for item in of_kind[:SHOWN_PER_GROUP]],
                )
            )
    if leads_waiting:
        is_one = leads_waiting == 1
        groups.append(
            WaitingGroup(
                words="lead waits for an answer" if is_one else "leads wait for an answer",
                count=leads_waiting,
                count_words=_bounded(leads_waiting),
                url_name="lead-list",
                oldest_at=None,
                shown=[],
            )
        )
    return groups


def _shown(item: WaitingItem) -> Shown:
    words = KINDS[item.what][0]
    if item.what == "alert":
        words = AlertKind(item.detail).label
    elif item.what == "mail":
        words = f"{words}: {MailState(item.detail).label}"
    return Shown(item=item, words=words, address=address_of(item.reference))


def _bounded(count: int) -> str:
    return f"{COUNTED_MAX}+" if count > COUNTED_MAX else str(count)


def navigation_counts() -> Mapping[str, int]:
    """Return what waits beside each entry of the navigation, by URL name. Two statements."""
    numbers = revenue.waiting_numbers()
    modes = [mode for mode in Mode.values if mode != Mode.SAMPLE]
    counts = {"lead-list": crm.leads_waiting(modes=modes)}
    for kind, (_one, _many, url_name) in KINDS.items():
        if url_name:
            counts[url_name] = numbers.get(kind, 0)
    return counts

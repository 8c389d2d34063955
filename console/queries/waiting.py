"""What waits for a person, by kind, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.http import QueryDict
from django.urls import reverse

from console.addresses import address_of
from crm import queries as crm
from crm.queries import WaitingLeads
from kernel import waiting_list
from kernel.modes import Mode
from kernel.paging import Cursor, Page
from kernel.references import is_reference
from kernel.waiting_list import WaitingItem
from notices import kinds
from notices import queries as notices
from notices.enums import AlertStanding
from notices.queries import ListedAlert
from revenue.enums import MailState, OrderState, RefundFilter
from toolrouter.enums import IncidentKind, Scope

SHOWN_PER_GROUP: Final = 5
COUNTED_MAX: Final = 99

# What is done about each kind, and who may.
VERBS: Final = {
    "approval": ("Review", "approvals.view_approvalrequest"),
    "dispute": ("Open the dispute", "revenue.view_dispute"),
    "owed": ("Settle", "revenue.view_order"),
    "excess": ("Settle", "revenue.view_order"),
    "review": ("Decide", "revenue.review_order"),
    "dead_event": ("Look into it", "revenue.replay_webhook"),
    "double": ("Decide", "revenue.review_order"),
    "mail": ("Look into it", "revenue.view_buyermail"),
    "lead": ("Answer", "crm.review_lead"),
    "incident": ("Look into it", "toolrouter.view_incident"),
    "stop": ("What is left", "toolrouter.view_stop"),
    "purchase": ("Close", "toolrouter.close_purchase"),
}
# Whoever has one of these can do something about what waits.
TO_ACT: Final = (
    *("revenue.review_order", "revenue.replay_webhook", "crm.review_lead"),
    *("approvals.decide_outbound", "approvals.decide_spend"),
    "toolrouter.close_purchase",
)

# Kind -> (one, many, the page where it is done, for the navigation).
KINDS: Final = {
    "approval": (
        "request waits for your decision",
        "requests wait for your decision",
        "approval-inbox",
    ),
    "incident": ("incident is open", "incidents are open", "incident-list"),
    "stop": ("stop of agents", "stops of agents", "safety"),
    "dispute": ("dispute to answer", "disputes to answer", "dispute-list"),
    "owed": ("refund is owed", "refunds are owed", "refund-list"),
    "excess": ("order was over-refunded", "orders were over-refunded", ""),
    "review": ("order needs a verdict", "orders need a verdict", "review-list"),
    "purchase": ("purchase to make", "purchases to make", "purchase-list"),
    "alert": ("alert stands", "alerts stand", "alert-list"),
    "dead_event": ("Stripe event needs a person", "Stripe events need a person", "event-list"),
    "double": ("possible double payment", "possible double payments", ""),
    "mail": ("e-mail to a buyer did not leave", "e-mails to buyers did not leave", "outbox"),
}
# Where all of a kind are listed, where that is not its entry in the navigation as it is.
LISTED_AT: Final = {
    "dispute": ("dispute-list", "?standing=to_answer"),
    "owed": ("order-list", f"?state={OrderState.REFUND_OWED}"),
    "excess": ("refund-list", f"?standing={RefundFilter.EXCESS}"),
    "double": ("order-list", "?double=possible"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """One item, as the dashboard shows it."""

    item: WaitingItem
    words: str
    address: str

    @property
    def is_alert(self) -> bool:
        """Say whether this is an alert, which has a page and buttons of its own."""
        return self.item.what == "alert"

    @property
    def verb(self) -> str:
        """Say what the button leads to; "" where an alert has a button of its own."""
        return VERBS.get(self.item.what, ("", ""))[0]

    @property
    def verb_address(self) -> str:
        """Return where the verb is done."""
        if self.item.what == "mail":
            return reverse("outbox-mail", args=[self.item.reference])
        if self.item.what == "dispute":
            return reverse("dispute", args=[self.item.handle])
        anchor = {"review": "#review", "owed": "#owed", "excess": "#excess"}.get(self.item.what, "")
        return f"{self.address}{anchor}"

    @property
    def permission(self) -> str:
        """Return what a person needs to act on it."""
        return VERBS.get(self.item.what, ("", ""))[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingGroup:
    """Everything of one kind that waits: how much, since when, and the first few."""

    words: str
    count: int
    count_words: str
    url_name: str
    oldest_at: datetime | None
    shown: Sequence[WaitingRow]
    all_address: str = ""  # where all of them are listed
    is_more: bool = False  # the few that are shown are not all of them


def groups_of(items: Sequence[WaitingItem], *, leads: Sequence[WaitingLeads]) -> list[WaitingGroup]:
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
                    all_address=_all_address(kind),
                    is_more=len(of_kind) > SHOWN_PER_GROUP,
                )
            )
    if leads:
        groups.append(_group_of_leads(leads))
    return groups


def _all_address(kind: str) -> str:
    url_name, query = LISTED_AT.get(kind) or (KINDS[kind][2], "")
    return f"{reverse(url_name)}{query}"


def alerts_page(
    *, cursor: Cursor, standing: AlertStanding, kind: str, assigned_to_id: int | None
) -> Page[WaitingRow]:
    """Return one page of alerts, newest first; "" and None mean any. One statement."""
    page = notices.alerts_page(
        cursor=cursor, standing=standing, kind=kind, assigned_to_id=assigned_to_id
    )
    return page.map(_shown_alert)


def just_dismissed(query: QueryDict) -> ListedAlert | None:
    """Return the alert that ``?dismissed=`` names, if it is dismissed. At most one statement."""
    reference = query.get("dismissed", "")
    if not (is_reference(reference) and reference.startswith("alr_")):
        return None
    return notices.dismissed_alert(reference)


def _group_of_leads(leads: Sequence[WaitingLeads]) -> WaitingGroup:
    """One line for each mode: who they are stands on their own page."""
    count = sum(of_mode.count for of_mode in leads)
    return WaitingGroup(
        words=_leads_in_words(count),
        count=count,
        count_words=_bounded(count),
        url_name="lead-list",
        oldest_at=min(of_mode.oldest_at for of_mode in leads),
        shown=[
            WaitingRow(
                item=WaitingItem(
                    what="lead",
                    handle="",
                    reference="",
                    detail="",
                    mode=of_mode.mode,
                    amount=None,
                    at=of_mode.oldest_at,
                ),
                words=f"{_bounded(of_mode.count)} {_leads_in_words(of_mode.count)}",
                address=f"{reverse('lead-list')}?mode={of_mode.mode}",
            )
            for of_mode in leads
        ],
    )


def _leads_in_words(count: int) -> str:
    return "lead waits for an answer" if count == 1 else "leads wait for an answer"


def _shown(item: WaitingItem) -> WaitingRow:
    words = KINDS[item.what][0]
    if item.what == "alert":
        words = kinds.kind_of(item.detail).words
    elif item.what == "dispute" and item.detail.startswith("warning_"):
        words = "inquiry to answer"
    elif item.what == "incident":
        words = f"incident: {IncidentKind(item.detail).label}"
    elif item.what == "stop":
        words = f"agents are stopped: {Scope(item.detail).label.lower()}"
    elif item.what == "mail":
        words = f"{words}: {MailState(item.detail).label}"
    return WaitingRow(item=item, words=words, address=address_of(item.reference))


def _shown_alert(alert: ListedAlert) -> WaitingRow:
    return _shown(
        WaitingItem(
            what="alert",
            handle=alert.reference,
            reference=alert.about,
            detail=alert.kind,
            mode=alert.mode,
            amount=alert.amount,
            at=alert.raised_at,
            assigned_to=alert.assigned_to,
        )
    )


def _bounded(count: int) -> str:
    return f"{COUNTED_MAX}+" if count > COUNTED_MAX else str(count)


def navigation_counts(person: User | None = None) -> Mapping[str, int]:
    """Return what waits for ``person`` beside each entry of the navigation, by URL name.

    Two statements.
    """
    numbers = waiting_list.numbers(person)
    modes = [mode for mode in Mode.values if mode != Mode.SAMPLE]
    counts = {"lead-list": crm.leads_waiting(modes=modes)}
    for kind, (_one, _many, url_name) in KINDS.items():
        if url_name:
            counts[url_name] = numbers.get(kind, 0)
    return counts

"""Who logged in, and what did not get in, for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User

from kernel.paging import Cursor, Page
from ledger import queries as ledger
from ledger.queries import EntryRow
from trinity.logins import enums
from trinity.logins.enums import Proof, Refusal
from trinity.logins.models import RefusalCount

REFUSALS_MAX: Final = 100
WORDS: Final[Mapping[str, str]] = {
    enums.LOGGED_IN: "Logged in",
    enums.LOGGED_OUT: "Logged out",
    enums.STEPPED_UP: "Confirmed who they are",
    enums.FACTOR_ADDED: "Added a second factor",
    enums.FACTOR_REMOVED: "Removed a second factor",
    enums.CODES_MADE: "Made new recovery codes",
    enums.PASSWORD_CHANGED: "Changed the password",
    enums.SESSIONS_ENDED: "Ended other sessions",
    enums.ACCESS_REFUSED: "Asked for a page without the permission",
    "person.login_reset": "Login reset from the shell",
    "person.session_lent": "Session made from the shell",
    "person.sale_approver_made": "Made for a played sale",
}
DOORS: Final[Mapping[str, str]] = {
    "door:login": "Login, at an address that nobody has",
    "door:login_pair": "Login, one visitor at one address, in 5 minutes",
    "door:login_pair_hour": "Login, one visitor at one address, in an hour",
    "door:login_visitor": "Login, one visitor at any address",
    "door:login_address": "Login, all visitors at one address",
    "door:login_browser": "Login, one known browser, in 5 minutes",
    "door:login_browser_hour": "Login, one known browser, in an hour",
    "door:login_code": "Codes of one person",
    "door:link_visitor": "Password reset, one visitor at any address",
    "door:link_pair": "Password reset, one visitor at one address",
    "door:link_address": "Password reset, all visitors at one address",
    "door:link_browser": "Password reset, one known browser",
    "door:mfa_login_webauthn": "Login by passkey",
    "door:passkey_answer": "Login by passkey, an answer sent again",
    "door:account_change_password": "Changing the password",
    "door:buy": "Pay",
    "door:return": "Coming back from Stripe",
    "door:wrong_order_link": "Order links that open nothing",
    "door:order_link": "Asking for an order link",
    "door:order_link_address": "Asking for an order link, one address",
    "door:request_snapshot_visitor": "Request form, one visitor",
    "door:request_snapshot_email": "Request form, one address",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalLine:
    """How often in one hour something did not get in."""

    hour: datetime
    words: str
    whose: str
    user_id: int | None
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLine:
    """One thing that somebody did with their login."""

    at: datetime
    words: str
    detail: str
    person: str
    user_id: int | None
    reference: str  # of the ledger's entry


def refusals() -> list[RefusalLine]:
    """Return the newest counts. 2 statements."""
    rows = list(RefusalCount.objects.order_by("-hour", "-times", "pk")[:REFUSALS_MAX])
    names = _names(row.whose for row in rows)
    return [
        RefusalLine(
            hour=row.hour,
            words=Refusal(row.kind).label,
            whose=names.get(row.whose) or DOORS.get(row.whose) or _plain(row.whose),
            user_id=_user_id(row.whose) if row.whose in names else None,
            times=row.times,
        )
        for row in rows
    ]


def logins(*, cursor: Cursor) -> Page[LoginLine]:
    """Return what people did with their logins, newest first. 3 statements."""
    page = ledger.entries_of_events(list(WORDS), mode=settings.DEPLOYMENT_MODE, cursor=cursor)
    names = _names(entry.subject for entry in page.rows)
    return page.map(lambda entry: _line(entry, names))


def _line(entry: EntryRow, names: Mapping[str, str]) -> LoginLine:
    return LoginLine(
        at=entry.occurred_at,
        words=WORDS[entry.event],
        detail=_detail(entry),
        person=names.get(entry.subject, entry.subject),
        user_id=_user_id(entry.subject) if entry.subject in names else None,
        reference=entry.reference,
    )


def _detail(entry: EntryRow) -> str:
    facts = entry.facts
    said = [Proof(str(facts[name])).label for name in ("proof", "factor") if name in facts]
    if facts.get("is_new_browser"):
        said.append("new browser")
    if count := facts.get("sessions_ended"):
        said.append("1 session" if count == 1 else f"{count} sessions")
    said += [DOORS.get(ref) or _plain(ref) for ref in entry.refs]
    return ", ".join(said)


def _plain(whose: str) -> str:
    return whose.partition(":")[2].replace("_", " ").capitalize()


def _user_id(whose: str) -> int | None:
    kind, _, number = whose.partition(":")
    return int(number) if kind == "user" else None


def _names(subjects: Iterable[str]) -> dict[str, str]:
    ids = {user_id for subject in subjects if (user_id := _user_id(subject)) is not None}
    people = User.objects.filter(pk__in=ids)
    return {f"user:{person.pk}": person.get_full_name() or person.email for person in people}

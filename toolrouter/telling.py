"""Mails about what stands still, and about what is to be bought: gathered, at most one a minute.

Each is written when it leaves and says what is so then; it holds no word of an agent's, and none
of the reasons that people gave.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.urls import reverse

from kernel.modes import Mode
from kernel.people import name_of
from notices.enums import Lane
from notices.operations import tell
from notices.outbox.kinds import Leaving, MailKind
from notices.outbox.letters import write_letter
from notices.ports import Letter
from toolrouter.enums import IncidentKind, PurchaseState, Scope
from toolrouter.models import Incident, Purchase, Stop
from toolrouter.outbox import BUYERS, OWNERS

HALTED: Final = "agents.halted"
TO_BUY: Final = "purchase.to_buy"
LISTED_MAX: Final = 10
WORTH: Final = timedelta(days=7)
ALL: Final = "All agents"


def tell_of_halt(*, actor_id: int | None, now: datetime) -> None:
    """Queue word to each owner but the one who did it that agents were stopped or held."""
    owners = get_user_model().objects.with_perm(OWNERS).order_by("pk")
    _tell(HALTED, [owner.pk for owner in owners if owner.pk != actor_id], now=now)


def tell_what_to_buy(*, now: datetime) -> None:
    """Queue word to whoever may close it that something is to be bought."""
    people = get_user_model().objects.with_perm(BUYERS).order_by("pk")
    _tell(TO_BUY, [person.pk for person in people], now=now)


def _tell(kind: str, user_ids: list[int], *, now: datetime) -> None:
    if user_ids:
        tell(kind, user_ids=user_ids, now=now)


def _halted(leaving: Leaving) -> Letter | None:
    """Return what is stopped and which incidents are open; None once nothing is."""
    owner = _who(leaving, OWNERS)
    stops = Stop.objects.filter(released_at=None).select_related("stopped_by")
    incidents = Incident.objects.filter(closed_at=None).select_related("opened_by")
    items = [
        *(
            {
                "title": f"Stopped: {_what(each.scope, each.ref)}",
                "by": _by(each.stopped_by),
                "at": each.stopped_at,
                "address": _absolute("stop", each.reference),
            }
            for each in stops.order_by("-pk")[:LISTED_MAX]
        ),
        *(
            {
                "title": f"Incident: {IncidentKind(each.kind).label}",
                "by": _by(each.opened_by),
                "at": each.opened_at,
                "what": f"{_what(each.scope, each.ref)} on hold",
                "address": _absolute("incident", each.reference),
            }
            for each in incidents.order_by("-pk")[:LISTED_MAX]
        ),
    ]
    if owner is None or not items:
        return None
    count = stops.count() + incidents.count()
    shown = items[:LISTED_MAX]
    facts = {"items": shown, "first": shown[0], "count": count, "unlisted": count - len(shown)}
    return _write("toolrouter/mail/halted", owner, facts, leaving)


def _to_buy(leaving: Leaving) -> Letter | None:
    """Return what is to be bought by hand; None where nothing is any more."""
    person = _who(leaving, BUYERS)
    open_ones = Purchase.objects.filter(state=PurchaseState.TO_BUY, called_off_at=None)
    purchases = list(open_ones.order_by("due_at")[: LISTED_MAX + 1])
    if person is None or not purchases:
        return None
    facts = {
        "items": [
            {
                "amount": each.approved,
                "due": each.due_at,
                "mode": each.mode,
                "address": _absolute("purchase", each.reference),
            }
            for each in purchases[:LISTED_MAX]
        ],
        "count": len(purchases),
        "has_more": len(purchases) > LISTED_MAX,
        "list": _absolute("purchase-list"),
    }
    return _write("toolrouter/mail/to_buy", person, facts, leaving)


def _who(leaving: Leaving, permission: str) -> User | None:
    return get_user_model().objects.with_perm(permission).filter(pk=leaving.user_id).first()


def _what(scope: str, ref: str) -> str:
    return ALL if scope == Scope.ACCOUNT else f"{Scope(scope).label} {ref}"


def _by(person: User | None) -> str:
    return name_of(person) if person else "Trinity"


def _absolute(url_name: str, *args: str) -> str:
    return f"{settings.BASE_URL}{reverse(url_name, args=args)}"


def _write(template: str, reader: User, facts: dict[str, Any], leaving: Leaving) -> Letter:
    return write_letter(
        template=template,
        facts=facts,
        mode=Mode(settings.DEPLOYMENT_MODE),
        to=(reader.email,),
        reference=leaving.reference,
    )


KINDS: Final = (
    MailKind(
        id=HALTED,
        words="agents that were stopped, and incidents",
        lane=Lane.ACCOUNT,
        worth_sending=WORTH,
        write=_halted,
        can_be_muted=True,
    ),
    MailKind(
        id=TO_BUY,
        words="purchases that a person is to make",
        lane=Lane.ACCOUNT,
        worth_sending=WORTH,
        write=_to_buy,
        can_be_muted=True,
    ),
)

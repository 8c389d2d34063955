"""The mails to the team about what agents may do, and about what is not to be bought any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model

from kernel.modes import Mode
from kernel.money import Money
from notices.enums import Lane
from notices.operations import queue_mail
from notices.outbox.kinds import Leaving, MailKind
from notices.outbox.letters import write_letter
from notices.ports import Letter
from toolrouter.enums import POSTURES, CapWindow, OffWhy, PurchaseState, Setting
from toolrouter.models import Purchase, SafetyChange
from toolrouter.models.changes import NOTHING

CHANGED: Final = "safety.changed"
TEMPLATE: Final = "toolrouter/mail/safety_changed"
OWNERS: Final = "toolrouter.change_safety"  # who has it hears of what others changed
CALLED_OFF: Final = "purchase.called_off"
CALLED_OFF_TEMPLATE: Final = "toolrouter/mail/called_off"
BUYERS: Final = "toolrouter.close_purchase"


def tell_owners(changes: Sequence[str], *, now: datetime) -> None:
    """Queue word of these changes, made in one transaction, to each owner; nothing for none."""
    if not changes:
        return
    for owner in get_user_model().objects.with_perm(OWNERS).order_by("pk"):
        queue_mail(
            kind=CHANGED,
            key=f"{CHANGED}:{changes[0]}:user:{owner.pk}",
            user_id=owner.pk,
            facts={"changes": list(changes)},
            now=now,
        )


def tell_buyers(purchase: Purchase, *, now: datetime) -> None:
    """Queue word to whoever may close it that this must not be bought any more."""
    for person in get_user_model().objects.with_perm(BUYERS).order_by("pk"):
        queue_mail(
            kind=CALLED_OFF,
            key=f"{CALLED_OFF}:{purchase.reference}:user:{person.pk}",
            user_id=person.pk,
            facts={"purchase": purchase.reference},
            now=now,
        )


def said(change: SafetyChange, value: str) -> str:
    """Return a stored value as people read it."""
    if value == NOTHING:
        return "not set"
    if change.currency and value.isdigit():
        return str(Money(int(value), change.currency))
    return dict(POSTURES).get(value, value)


def _changed(leaving: Leaving) -> Letter | None:
    """Return what was changed by whom; None for who is no owner any more."""
    owner = get_user_model().objects.with_perm(OWNERS).filter(pk=leaving.user_id).first()
    rows = SafetyChange.objects.select_related("changed_by", "cap")
    changes = list(rows.filter(reference__in=leaving.facts["changes"]).order_by("pk"))
    if owner is None or not changes:
        return None
    by = changes[0].changed_by
    facts = {
        "who": (by.get_full_name() or by.email) if by else "Trinity",
        "at": changes[0].changed_at,
        "changed": [{"name": _name(each), "value": _old_and_new(each)} for each in changes],
    }
    return write_letter(
        template=TEMPLATE,
        facts=facts,
        mode=Mode(settings.DEPLOYMENT_MODE),
        to=(owner.email,),
        reference=leaving.reference,
    )


def _called_off(leaving: Leaving) -> Letter | None:
    """Return what must not be bought; None once somebody closed it. No word of the agent's."""
    person = get_user_model().objects.with_perm(BUYERS).filter(pk=leaving.user_id).first()
    purchase = Purchase.objects.filter(
        reference=leaving.facts["purchase"], state=PurchaseState.TO_BUY
    ).first()
    if person is None or purchase is None:
        return None
    facts = {
        "purchase": purchase.reference,
        "amount": purchase.approved,
        "why": OffWhy(purchase.called_off_why).label,
        "at": purchase.called_off_at,
    }
    return write_letter(
        template=CALLED_OFF_TEMPLATE,
        facts=facts,
        mode=Mode(purchase.mode),
        to=(person.email,),
        reference=leaving.reference,
    )


def _name(change: SafetyChange) -> str:
    label = str(Setting(change.setting).label)
    if change.cap is not None:
        label += f", {CapWindow(change.cap.time_window).label.lower()}, {change.cap.mode}"
    return f"{label} ({change.ref or change.scope})"


def _old_and_new(change: SafetyChange) -> str:
    return f"{said(change, change.old_value)} → {said(change, change.new_value)}"


KINDS: Final = (
    MailKind(
        id=CHANGED,
        words="a changed safety setting",
        lane=Lane.ACCOUNT,
        worth_sending=timedelta(days=7),
        write=_changed,
        facts=frozenset({"changes"}),
    ),
    MailKind(
        id=CALLED_OFF,
        words="a purchase that must not be made any more",
        lane=Lane.ACCOUNT,
        worth_sending=timedelta(days=7),
        write=_called_off,
        facts=frozenset({"purchase"}),
    ),
)

"""An owner changes the posture of an account, a project or a run, or a setting of the account."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from toolrouter.enums import Posture, Scope, Setting
from toolrouter.models import SafetySettings
from toolrouter.models.changes import NOTHING
from toolrouter.operations.changes import By, record_change
from toolrouter.operations.locking import lock_settings
from toolrouter.outbox import tell_owners
from toolrouter.queries.account import AccountSettings, settings_of


@transaction.atomic(durable=True)
def change_posture(*, scope: Scope, ref: str, posture: Posture, by: By, now: datetime) -> bool:
    """Change how much agents may do there; say whether that changed anything.

    Whoever is deciding about a call meanwhile is waited for. Every owner is told.
    Raises NoSuchScope.
    """
    settings = lock_settings(scope, ref)
    if settings.posture == posture:
        return False
    old, settings.posture, settings.changed_at = settings.posture, posture, now
    settings.save(update_fields=["posture", "changed_at"])
    change = record_change(
        scope=scope, ref=ref, setting=Setting.POSTURE, old=old, new=posture, by=by, now=now
    )
    tell_owners([change], now=now)
    return True


@transaction.atomic(durable=True)
def change_account_settings(*, wanted: AccountSettings, by: By, now: datetime) -> list[Setting]:
    """Write what differs, each with a line of history; return which settings that were.

    Every owner is told, in one mail.
    """
    account = lock_settings(Scope.ACCOUNT, "")
    if not isinstance(account, SafetySettings):
        raise TypeError(account)
    old, new = _said(settings_of(account)), _said(wanted)
    changed = [setting for setting in new if new[setting] != old[setting]]
    if changed:
        SafetySettings.objects.filter(pk=account.pk).update(changed_at=now, **_columns(wanted))
    changes = [
        record_change(
            scope=Scope.ACCOUNT,
            ref="",
            setting=setting,
            old=old[setting][0],
            new=new[setting][0],
            currency=new[setting][1],
            by=by,
            now=now,
        )
        for setting in changed
    ]
    tell_owners(changes, now=now)
    return changed


def _columns(wanted: AccountSettings) -> dict[str, object]:
    plain = {
        name: getattr(wanted, name)
        for name in AccountSettings.__slots__
        if name != "two_people_from"
    }
    money = wanted.two_people_from
    return {
        **plain,
        "two_people_from_minor": money.amount_minor if money else None,
        "two_people_currency": money.currency if money else "",
    }


def _said(settings: AccountSettings) -> dict[Setting, tuple[str, str]]:
    """Return each setting as its history says it, with the currency of an amount."""
    money = settings.two_people_from
    return {
        Setting.OUTREACH: (_on_off(settings.outreach_open), ""),
        Setting.SPEND: (_on_off(settings.spend_open), ""),
        Setting.FUNDING_SHARE: (_number(settings.funding_share_percent), ""),
        Setting.TWO_PEOPLE_FROM: (
            _number(money.amount_minor if money else None),
            money.currency if money else "",
        ),
        Setting.DECIDE_OUTBOUND_H: (_number(settings.decide_outbound_h), ""),
        Setting.DECIDE_SPEND_H: (_number(settings.decide_spend_h), ""),
        Setting.DECIDE_PROVISIONING_H: (_number(settings.decide_provisioning_h), ""),
        Setting.CAP_RAISER_WAITS: (_on_off(settings.cap_raiser_waits), ""),
    }


def _on_off(is_on: bool) -> str:
    return "on" if is_on else "off"


def _number(number: int | None) -> str:
    return NOTHING if number is None else str(number)

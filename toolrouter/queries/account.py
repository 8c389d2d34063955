"""The account's own safety settings."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.money import Money
from toolrouter.models import SafetySettings


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """The account's settings as they are, or as an owner wants them."""

    outreach_open: bool
    spend_open: bool
    funding_share_percent: int | None
    two_people_from: Money | None
    decide_outbound_h: int
    decide_spend_h: int
    decide_provisioning_h: int
    cap_raiser_waits: bool


def settings_of(account: SafetySettings) -> AccountSettings:
    """Return the account's settings as they are."""
    return AccountSettings(**{name: getattr(account, name) for name in AccountSettings.__slots__})


def account_settings() -> AccountSettings:
    """Return the account's settings. One statement."""
    return settings_of(SafetySettings.objects.get())

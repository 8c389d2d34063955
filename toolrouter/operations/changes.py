"""Writing down each change of a safety setting: a row of history and an entry of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.money import Money
from kernel.references import new_reference
from ledger import operations as ledger
from ledger.facts import FactValue
from toolrouter.enums import CapScope, CapWindow, Family, Scope, Setting
from toolrouter.models import SafetyChange, SpendCap
from toolrouter.models.changes import NOTHING
from toolrouter.models.reasons import reason_columns

SETTINGS_SCOPE = {
    CapScope.ACCOUNT: Scope.ACCOUNT,
    CapScope.PROJECT: Scope.PROJECT,
    CapScope.EACH_RUN: Scope.PROJECT,
    CapScope.RUN: Scope.RUN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who changes something, and why. Nobody is the system itself."""

    actor_id: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapKey:
    """Which cap: of what, for which operations, in which currency and mode, within which time."""

    scope: CapScope
    ref: str
    family: Family
    currency: str
    mode: str
    time_window: CapWindow


def set_cap(key: CapKey, *, limit: Money, by: By, now: datetime) -> str:
    """Let the cap of ``key`` be ``limit``, made where there was none; return the change.

    Nothing where it was so already.

    The caller has locked the account, the project or the run that it bounds.
    """
    if limit.currency != key.currency or limit.amount_minor < 0:
        raise ValueError(f"{limit} is no limit of a cap in {key.currency}")
    named = {name: getattr(key, name) for name in CapKey.__slots__}
    cap = SpendCap.objects.select_for_update(no_key=True).filter(**named).first()
    if cap is not None and cap.limit_minor == limit.amount_minor:
        return ""
    old = NOTHING if cap is None else str(cap.limit_minor)
    if cap is None:
        cap = SpendCap.objects.create(
            reference=new_reference("cap"),
            limit_minor=limit.amount_minor,
            made_at=now,
            changed_at=now,
            **named,
        )
    else:
        cap.limit_minor, cap.changed_at = limit.amount_minor, now
        cap.save(update_fields=["limit_minor", "changed_at"])
    return record_change(
        scope=SETTINGS_SCOPE[key.scope],
        ref=key.ref,
        setting=Setting.CAP,
        cap=cap,
        old=old,
        new=str(cap.limit_minor),
        currency=cap.currency,
        by=by,
        now=now,
    )


def record_change(
    *,
    scope: Scope,
    ref: str,
    setting: Setting,
    old: str,
    new: str,
    by: By,
    now: datetime,
    cap: SpendCap | None = None,
    currency: str = "",
) -> str:
    """Append one change to the history and the ledger; return its reference."""
    change = SafetyChange(
        reference=new_reference("saf"),
        scope=scope,
        ref=ref,
        setting=setting,
        cap=cap,
        old_value=old,
        new_value=new,
        currency=currency,
        changed_by_id=by.actor_id,
        changed_at=now,
        **reason_columns(by.reason),
    )
    change.save()
    facts: dict[str, FactValue] = {
        "scope": scope,
        "setting": setting,
        "old": old,
        "new": new,
        "reason_digest": change.reason_digest,
    }
    if currency:
        facts["currency"] = currency
    if cap is not None:
        facts |= {
            "cap_scope": cap.scope,
            "family": cap.family,
            "window": cap.time_window,
            "mode": cap.mode,
        }
    audit(
        "safety.changed",
        change.reference,
        refs=[*([ref] if ref else []), *([cap.reference] if cap else [])],
        facts=facts,
        actor_id=by.actor_id,
        now=now,
    )
    return change.reference


def audit(
    event: str,
    reference: str,
    *,
    refs: Sequence[str] = (),
    facts: dict[str, FactValue] | None = None,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Append the entry of one row of ours, once; ``ledger_rows`` holds both to each other."""
    ledger.audit(
        actor_id=actor_id,
        event=event,
        subject=reference,
        refs=refs,
        facts=facts,
        key=f"{event}:{reference}",
        now=now,
    )

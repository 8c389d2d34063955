"""The caps of an account, a project or a run as pages show them, with what is left of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from kernel.money import Money
from toolrouter.enums import CapScope, CapWindow, Family
from toolrouter.models import SpendCap
from toolrouter.queries.clock import database_now
from toolrouter.queries.headroom import counted_minor

LISTED_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CapLine:
    """One cap on a page."""

    reference: str
    scope: CapScope
    ref: str
    family: Family
    mode: str
    currency: str
    time_window: CapWindow
    limit: Money
    left: Money | None  # now; None of a cap that only stands for those of runs to come
    changed_at: datetime

    @property
    def is_overspent(self) -> bool:
        """Say whether more was captured than it allows."""
        return self.left is not None and self.left.amount_minor < 0

    @property
    def as_query(self) -> str:
        """Return what the form that changes it begins with, as the query of an address."""
        return urlencode(
            {
                "ref": self.ref,
                "family": self.family,
                "mode": self.mode,
                "time_window": self.time_window,
                "currency": self.currency,
                "limit": self.limit.decimal(),
            }
        )


def caps_shown(*, scopes: Sequence[CapScope], ref: str) -> list[CapLine]:
    """Return the caps of these scopes for the account (""), a project or a run.

    One statement, and two more where there are any.
    """
    caps = SpendCap.objects.filter(scope__in=scopes, ref=ref).order_by("scope", "mode", "pk")
    shown = list(caps[:LISTED_MAX])
    counted = counted_minor([cap.pk for cap in shown], now=database_now()) if shown else {}
    return [_line(cap, counted_minor=counted[cap.pk]) for cap in shown]


def _line(cap: SpendCap, *, counted_minor: int) -> CapLine:
    is_of_runs = cap.scope == CapScope.EACH_RUN
    return CapLine(
        reference=cap.reference,
        scope=CapScope(cap.scope),
        ref=cap.ref,
        family=Family(cap.family),
        mode=cap.mode,
        currency=cap.currency,
        time_window=CapWindow(cap.time_window),
        limit=cap.limit,
        left=None if is_of_runs else cap.limit - Money(counted_minor, cap.currency),
        changed_at=cap.changed_at,
    )

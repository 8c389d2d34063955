"""Figures as pictures: where each bar stands. Pure geometry; templates draw it with attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kernel.money import Money

WIDTH, HEIGHT = 640, 144  # of a chart of days, in its own units
BAR_SHARE: Final = 0.66  # of a day's width
LEAST_BAR: Final = 2.0  # so that one cent is seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, and what it says to whoever points at it."""

    x: float
    y: float
    width: float
    height: float
    css: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayChart:
    """Money per day: what came in stands on the line, what went out hangs below it."""

    bars: Sequence[Bar]
    days_named: Sequence[date]  # below the line: the first, the middle, the last
    base_y: float
    most: Money
    width: int = WIDTH
    height: int = HEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day's money (UTC), signed as the seller sees it."""

    on: date
    received: Money
    returned: Money
    fees: Money

    @property
    def is_quiet(self) -> bool:
        """Say whether nothing moved."""
        return not any(amount.amount_minor for amount in (self.received, self.returned, self.fees))


def chart_of(days: Sequence[Day], *, css: str) -> DayChart:
    """Return where the bars of ``days`` stand; ``css`` is the mode's colour."""
    ups = [max(0, day.received.amount_minor) for day in days]
    downs = [max(0, -day.returned.amount_minor) for day in days]
    span = max(ups) + max(downs) or 1
    scale = HEIGHT / span
    base_y = max(ups) * scale
    step = WIDTH / len(days)
    bars = []
    for index, day in enumerate(days):
        x = index * step + step * (1 - BAR_SHARE) / 2
        for amount, minor, is_up, tone in (
            (day.received, ups[index], True, css),
            (day.returned, downs[index], False, "bad"),
        ):
            if not minor:
                continue
            height = max(LEAST_BAR, minor * scale)
            bars.append(
                Bar(
                    x=round(x, 1),
                    y=round(base_y - height if is_up else base_y, 1),
                    width=round(step * BAR_SHARE, 1),
                    height=round(height, 1),
                    css=tone,
                    says=f"{day.on:%d %b}: {amount}",
                )
            )
    currency = days[0].received.currency
    return DayChart(
        bars=bars,
        days_named=[days[0].on, days[len(days) // 2].on, days[-1].on],
        base_y=round(base_y, 1),
        most=Money(max(ups), currency),
    )


def days_between(first: date, last: date) -> list[date]:
    """Return every day from ``first`` to ``last``."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """How many came at least this far."""

    words: str
    times: int | None  # None where nobody counted
    percent: float  # of the longest step: how long the bar is
    share: str  # of the first step, in words; "" for the first


def funnel_of(counts: Mapping[str, int | None]) -> list[FunnelStep]:
    """Return a bar for each step of ``counts`` (in order), as long as its share of the longest.

    The share in words is of the first step; "" where that is nothing, as before it was counted.
    """
    first = next(iter(counts.values()), 0)
    longest = max((times or 0 for times in counts.values()), default=0) or 1
    return [
        FunnelStep(
            words=words,
            times=times,
            percent=round(100 * (times or 0) / longest, 1),
            share=f"{(times or 0) / first:.0%}" if index and first else "",
        )
        for index, (words, times) in enumerate(counts.items())
    ]

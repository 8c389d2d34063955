"""Decisions per month as a picture: where each bar stands. Pure; templates draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

WIDTH, HEIGHT = 640, 144
BAR_SHARE: Final = 0.66
LEAST_BAR: Final = 2.0  # so that one decision is seen


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthBar:
    """One month: all its decisions, and in front of them those that were made at sight."""

    x: float
    width: float
    all_y: float
    all_height: float
    hasty_y: float
    hasty_height: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthChart:
    """Bars of months in a row, the last one now."""

    bars: Sequence[MonthBar]
    months_named: Sequence[date]
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def chart_of_months(
    months: Sequence[date], counts: Mapping[date, tuple[int, int]]
) -> MonthChart | None:
    """Return the chart of ``counts`` (all, hasty) by month; None where nothing was decided."""
    most = max((counted for counted, _hasty in counts.values()), default=0)
    if not most:
        return None
    step = WIDTH / len(months)
    bars = []
    for place, month in enumerate(months):
        counted, hasty = counts.get(month, (0, 0))
        if counted:
            tall, short = (_height(number, most=most) for number in (counted, hasty))
            bars.append(
                MonthBar(
                    x=round(place * step + step * (1 - BAR_SHARE) / 2, 1),
                    width=round(step * BAR_SHARE, 1),
                    all_y=round(HEIGHT - tall, 1),
                    all_height=tall,
                    hasty_y=round(HEIGHT - short, 1),
                    hasty_height=short,
                    says=f"{month:%b %Y}: {counted} decided, {hasty} at sight",
                )
            )
    named = [months[0], months[len(months) // 2], months[-1]]
    return MonthChart(bars=bars, months_named=named, most=most)


def _height(number: int, *, most: int) -> float:
    return round(max(LEAST_BAR, HEIGHT * number / most), 1) if number else 0.0

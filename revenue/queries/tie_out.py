"""Our books against Stripe's balance, by day, currency and kind, with every difference named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from revenue.enums import Gap
from revenue.ports import BalanceLine
from revenue.queries.books import (
    DISPUTES,
    FEES,
    PAYMENTS,
    REFUNDS,
    Movement,
    booked_of,
    booked_since,
    orders_of_objects,
    under_way,
)

SLACK: Final = timedelta(days=1)  # both sides' clocks and delays, at the edge of the window
SETTLING: Final = timedelta(minutes=15)  # younger movements may be on their way to us

# Stripe's reporting categories that are ours to book. Everything else is told, not booked.
# https://docs.stripe.com/reports/reporting-categories
BOOK_OF_CATEGORY: Final = MappingProxyType(
    {
        "charge": PAYMENTS,
        "charge_failure": PAYMENTS,
        "partial_capture_reversal": PAYMENTS,
        "refund": REFUNDS,
        "refund_failure": REFUNDS,
        "dispute": DISPUTES,
        "dispute_reversal": DISPUTES,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One object whose money is not the same in both books, with the rows that say so."""

    kind: str
    day: str
    currency: str
    object_id: str
    order_ref: str
    ours_minor: int
    theirs_minor: int
    ids: tuple[str, ...]

    @property
    def item(self) -> str:
        """What makes this difference this difference: told of once, until it changes."""
        return f"{self.kind}:{self.object_id}:{self.currency}:{self.ours_minor}:{self.theirs_minor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOutResult:
    """What the comparison found: totals by day, differences, and what Stripe did besides."""

    days: Sequence[dict[str, Any]]
    differences: Sequence[Difference]
    listed: Sequence[dict[str, Any]]


@dataclass(slots=True)
class _Thing:
    """All movements of one object in one currency, on both sides."""

    ours: list[Movement] = field(default_factory=list)
    theirs: list[Movement] = field(default_factory=list)

    @property
    def ours_minor(self) -> int:
        return sum(each.money.amount_minor for each in self.ours)

    @property
    def theirs_minor(self) -> int:
        return sum(each.money.amount_minor for each in self.theirs)

    @property
    def newest(self) -> datetime:
        return max(each.at for each in (*self.ours, *self.theirs))


def their_movements(lines: Iterable[BalanceLine]) -> list[Movement]:
    """Return what moved Stripe's balance, in our terms: money as the buyer's bank saw it, fees."""
    moved = []
    for line in lines:
        book = BOOK_OF_CATEGORY.get(line.category)
        if book is None:
            continue
        is_payment = book == PAYMENTS
        moved.append(
            Movement(
                book=book,
                object_id=(line.payment_intent_id if is_payment else "") or line.source_id,
                money=line.amount if book == DISPUTES else line.presented,
                at=line.occurred_at,
                reference=line.transaction_id,
            )
        )
        if line.fee.amount_minor:
            moved.append(
                Movement(
                    book=FEES,
                    object_id=line.transaction_id,
                    money=-line.fee,
                    at=line.occurred_at,
                    reference=line.transaction_id,
                )
            )
    return moved


def missing_from_our_books(
    lines: Sequence[BalanceLine], *, mode: str, since: datetime, now: datetime
) -> list[Movement]:
    """Return one movement of each payment, refund and dispute whose money we have not booked."""
    things = _things(booked_since(since - SLACK, mode=mode), their_movements(lines))
    unequal = {
        key: thing for key, thing in things.items() if thing.ours_minor != thing.theirs_minor
    }
    unsure = under_way([object_id for _, object_id, _ in unequal], mode=mode)
    return [
        thing.theirs[-1]
        for (book, object_id, _), thing in unequal.items()
        if thing.theirs
        and book != FEES
        and object_id not in unsure
        and _is_due(thing, since=since, now=now)
    ]


def half_seen(
    lines: Sequence[BalanceLine], *, mode: str, since: datetime, now: datetime
) -> list[str]:
    """Return the payments and refunds that differ, of which a line may be older than ``lines``.

    Stripe moves the balance when a slow payment or refund begins, and we book it when it is
    certain, which may be weeks later. No network.
    """
    things = _things(booked_since(since - SLACK, mode=mode), their_movements(lines))
    differing = [
        object_id
        for (book, object_id, _), thing in things.items()
        if (book == REFUNDS or (book == PAYMENTS and object_id.startswith("pi_")))
        and thing.ours_minor != thing.theirs_minor
        and _is_due(thing, since=since, now=now)
    ]
    unsure = under_way(differing, mode=mode)
    return sorted(set(differing) - unsure)


def tie_out(
    lines: Sequence[BalanceLine],
    *,
    mode: str,
    since: datetime,
    now: datetime,
    whole: Collection[str] = (),
) -> TieOutResult:
    """Compare our books with ``lines``, which begin SLACK before ``since``. No network.

    Of the objects in ``whole`` the lines are all there are, however old: they are compared with
    all that we have booked of them. What is the same on both sides counts on Stripe's day,
    because a webhook may reach us on the next one. What a bank still processes, and what is
    younger than SETTLING, is no difference.
    """
    booked = booked_since(since - SLACK, mode=mode)
    if whole:
        booked = [each for each in booked if each.object_id not in whole]
        booked += booked_of(whole, mode=mode)
    things = _things(booked, their_movements(lines))
    unequal = [key for key, thing in things.items() if thing.ours_minor != thing.theirs_minor]
    object_ids = [object_id for _, object_id, _ in unequal]
    unsure = under_way(object_ids, mode=mode)
    orders = orders_of_objects(object_ids, mode=mode)
    because = {
        key: _because(things[key], is_unsure=key[1] in unsure, since=since, now=now)
        for key in unequal
    }
    differences = [
        _difference(key, things[key], order_ref=orders.get(key[1], ""))
        for key, why in because.items()
        if why == Gap.DIFFERS
    ]
    return TieOutResult(
        days=_days(things, because, since=since),
        differences=sorted(differences, key=lambda each: (each.day, each.item), reverse=True),
        listed=_listed(lines, unsure, since=since),
    )


_Key = tuple[str, str, str]


def _things(ours: Iterable[Movement], theirs: Iterable[Movement]) -> dict[_Key, _Thing]:
    things: dict[_Key, _Thing] = defaultdict(_Thing)
    for movement in ours:
        things[movement.book, movement.object_id, movement.money.currency].ours.append(movement)
    for movement in theirs:
        things[movement.book, movement.object_id, movement.money.currency].theirs.append(movement)
    return things


def _is_due(thing: _Thing, *, since: datetime, now: datetime) -> bool:
    return since <= thing.newest <= now - SETTLING


def _because(thing: _Thing, *, is_unsure: bool, since: datetime, now: datetime) -> Gap | None:
    """Say why the two books have not the same of an object; None at the edge of the window."""
    if is_unsure:
        return Gap.UNDER_WAY
    if _is_due(thing, since=since, now=now):
        return Gap.DIFFERS
    return Gap.YOUNG if thing.newest >= since else None


def _difference(key: _Key, thing: _Thing, *, order_ref: str) -> Difference:
    book, object_id, currency = key
    return Difference(
        kind=book,
        day=_day((thing.theirs or thing.ours)[-1]),
        currency=currency,
        object_id=object_id,
        order_ref=order_ref,
        ours_minor=thing.ours_minor,
        theirs_minor=thing.theirs_minor,
        ids=tuple(sorted({each.reference for each in (*thing.ours, *thing.theirs)})),
    )


def _day(movement: Movement) -> str:
    return f"{movement.at:%Y-%m-%d}"


def _days(
    things: dict[_Key, _Thing], because: dict[_Key, Gap | None], *, since: datetime
) -> list[dict[str, Any]]:
    """Return totals per day, currency and kind, newest day first; quiet days are left out.

    Each says why its two totals differ: the gravest reason that any of its objects has.
    """
    totals: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    reasons: dict[tuple[str, str, str], set[Gap]] = defaultdict(set)
    for key, thing in things.items():
        book, _, currency = key
        is_same = key not in because
        for movement in thing.theirs if is_same else thing.ours:
            totals[_day(movement), currency, book][0] += movement.money.amount_minor
        for movement in thing.theirs:
            totals[_day(movement), currency, book][1] += movement.money.amount_minor
        if why := because.get(key):
            for movement in (*thing.ours, *thing.theirs):
                reasons[_day(movement), currency, book].add(why)
    return [
        {
            "day": day,
            "currency": currency,
            "kind": book,
            "ours_minor": ours,
            "theirs_minor": theirs,
            "because": next((str(gap) for gap in Gap if gap in reasons[day, currency, book]), ""),
        }
        for (day, currency, book), (ours, theirs) in sorted(totals.items(), reverse=True)
        if day >= f"{since:%Y-%m-%d}" and (ours or theirs)
    ]


def _listed(
    lines: Iterable[BalanceLine], unsure: set[str], *, since: datetime
) -> list[dict[str, Any]]:
    """Return what is told and not booked: payouts, adjustments, and what is not certain yet."""
    listed = []
    for line in lines:
        is_unsure = bool({line.payment_intent_id, line.source_id} & unsure)
        if line.occurred_at < since or (line.category in BOOK_OF_CATEGORY and not is_unsure):
            continue
        listed.append(
            {
                "day": f"{line.occurred_at:%Y-%m-%d}",
                "what": "under_way" if is_unsure else line.category,
                "id": line.transaction_id,
                "object_id": line.source_id,
                "amount_minor": line.amount.amount_minor,
                "fee_minor": line.fee.amount_minor,
                "currency": line.amount.currency,
            }
        )
    return listed


def as_row(difference: Difference) -> dict[str, Any]:
    """Return a difference as it is kept with the run."""
    return asdict(difference) | {"ids": list(difference.ids)}

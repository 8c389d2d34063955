"""The day at one glance: money by mode and currency, the funnel, what waits, what is stuck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User

from console.pictures import Day, DayChart, FunnelStep, chart_of, days_between, funnel_of
from console.queries.remembered import daily_totals
from console.queries.waiting import WaitingGroup, groups_of
from crm import queries as crm
from crm.queries import DealsOverview, RequestFunnel
from kernel import due_work, waiting_list
from kernel.modes import Mode
from kernel.money import Money
from revenue import queries as revenue
from revenue.enums import OrderState, RevenueKind
from revenue.queries import DayTotal, PurchaseFunnel, RefusalTotal

WINDOW_DAYS: Final = 30
SEALING: Final = "ledger.unsealed"  # the id of what waits for a seal
RECONCILE_LATE: Final = timedelta(hours=3)
DAYS_SHOWN_MAX: Final = 4

RETURNED: Final = frozenset(
    {
        RevenueKind.REFUND,
        RevenueKind.REFUND_REVERSAL,
        RevenueKind.REFUND_ELSEWHERE,
        RevenueKind.REFUND_RETURNED,
        RevenueKind.DISPUTE,
        RevenueKind.DISPUTE_REVERSAL,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyCard:
    """What came in and went out in one mode and one currency."""

    mode: Mode
    received: Money
    payments: int
    refunded: Money
    refunds: int
    disputed: Money
    fees: Money
    fees_booked: int
    undecided: Money  # a person has to say whose it is: not in what was received
    not_ours: Money  # likewise
    chart: DayChart | None  # None while nothing moved
    days: Sequence[Day]  # with movement, newest first

    @property
    def times(self) -> str:
        """Say how often money came and went."""
        words = [_many(self.payments, "payment")] if self.payments else ["no payment"]
        words += [_many(self.refunds, "refund")] if self.refunds else []
        return ", ".join(words)

    @property
    def fees_gap(self) -> str:
        """Say what is not known of the fees; "" where each payment has one."""
        if self.mode == Mode.SAMPLE:
            return "" if self.fees_booked else "none in sample data"
        if self.fees_booked >= self.payments:
            return ""
        return "not booked yet" if not self.fees_booked else "so far; more are not booked yet"

    @property
    def is_aside(self) -> bool:
        """Say whether this is another mode than the deployment's own: its picture is folded."""
        return self.mode != settings.DEPLOYMENT_MODE

    @property
    def newest_days(self) -> Sequence[Day]:
        """Return the days that the short table shows."""
        return self.days[:DAYS_SHOWN_MAX]

    @property
    def older_days(self) -> Sequence[Day]:
        """Return the days that are folded away."""
        return self.days[DAYS_SHOWN_MAX:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How far people came in the window, in one mode, along one way to a payment."""

    mode: Mode
    title: str
    what: str  # what each number counts
    steps: Sequence[FunnelStep]
    is_cut_off: bool
    counted_max: int
    lost: int | None = None  # of those, how many stand as lost; None where nothing is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckWork:
    """What should have moved and has not."""

    late: Mapping[str, float]  # kind of work -> seconds its oldest row has waited too long
    oldest_s: float
    reconciled_at: datetime | None
    is_reconcile_late: bool
    reconcile_error: str
    differences: int
    unsealed_since: datetime | None
    is_seal_late: bool  # said with its own words, hence not in ``late``
    refused: Sequence[RefusalTotal]  # deliveries to Stripe's door, within a day

    @property
    def refused_signed(self) -> list[RefusalTotal]:
        """Return what was refused and meant for somebody: anybody may post without a signature."""
        return [each for each in self.refused if each.is_signed]

    @property
    def is_anything(self) -> bool:
        """Say whether a person should look."""
        is_off = self.differences or self.reconcile_error or self.refused_signed
        return bool(self.late or self.is_seal_late or self.is_reconcile_late or is_off)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """All of it. ``counts`` goes beside the navigation."""

    money: Sequence[MoneyCard]
    funnels: Sequence[Funnel]
    waiting: Sequence[WaitingGroup]
    stuck: StuckWork
    counts: Mapping[str, int]

    @property
    def is_own_mode_empty(self) -> bool:
        """Say whether money moved in other modes only."""
        return bool(self.money) and all(card.is_aside for card in self.money)


def build_dashboard(*, now: datetime, person: User | None = None) -> Dashboard:
    """Return the dashboard in seven statements, whatever the size of the tables."""
    since = (now - timedelta(days=WINDOW_DAYS - 1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    deals = crm.deals_overview(since=since)
    purchases = revenue.purchase_funnels(since=since)
    groups = groups_of(waiting_list.items(person), leads=deals.leads)
    return Dashboard(
        money=_money(daily_totals(since=since, now=now), since=since, now=now),
        funnels=_funnels(purchases, deals),
        waiting=groups,
        stuck=_stuck(now=now),
        counts={group.url_name: group.count for group in groups if group.url_name},
    )


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _order_of(mode: str) -> tuple[bool, bool, str]:
    """This deployment's own mode first, sample data last."""
    return (mode != settings.DEPLOYMENT_MODE, mode == Mode.SAMPLE, mode)


def _money(totals: Sequence[DayTotal], *, since: datetime, now: datetime) -> list[MoneyCard]:
    pairs = sorted({(fact.mode, fact.currency) for fact in totals})
    cards = [
        _card(
            Mode(mode),
            [fact for fact in totals if (fact.mode, fact.currency) == (mode, currency)],
            currency=currency,
            since=since,
            now=now,
        )
        for mode, currency in pairs
    ]
    return sorted(cards, key=lambda card: (_order_of(card.mode), -card.payments))


def _card(
    mode: Mode, facts: Sequence[DayTotal], *, currency: str, since: datetime, now: datetime
) -> MoneyCard:
    ours = [fact for fact in facts if fact.aside is None]

    def total(*kinds: RevenueKind) -> Money:
        amounts = (fact.amount for fact in ours if fact.kind in kinds)
        return Money.total(amounts, currency=currency)

    def times(kind: RevenueKind) -> int:
        return sum(fact.times for fact in ours if fact.kind == kind)

    def aside(state: OrderState) -> Money:
        amounts = (fact.amount for fact in facts if fact.aside == state)
        return Money.total(amounts, currency=currency)

    days = _days(ours, currency=currency, since=since, now=now)
    moved = [day for day in reversed(days) if not day.is_quiet]
    return MoneyCard(
        mode=mode,
        received=total(RevenueKind.PAYMENT),
        payments=times(RevenueKind.PAYMENT),
        refunded=total(
            RevenueKind.REFUND,
            RevenueKind.REFUND_REVERSAL,
            RevenueKind.REFUND_ELSEWHERE,
            RevenueKind.REFUND_RETURNED,
        ),
        refunds=times(RevenueKind.REFUND)
        - times(RevenueKind.REFUND_REVERSAL)
        + times(RevenueKind.REFUND_ELSEWHERE),
        disputed=total(RevenueKind.DISPUTE, RevenueKind.DISPUTE_REVERSAL),
        fees=total(RevenueKind.FEE),
        fees_booked=times(RevenueKind.FEE),
        undecided=aside(OrderState.NEEDS_REVIEW),
        not_ours=aside(OrderState.NOT_OURS),
        chart=chart_of(days, css=mode) if moved else None,
        days=moved,
    )


def _days(facts: Sequence[DayTotal], *, currency: str, since: datetime, now: datetime) -> list[Day]:
    sums: dict[object, dict[str, Money]] = {}
    for fact in facts:
        if fact.day is None or fact.kind is None:
            continue
        column = "received" if fact.kind == RevenueKind.PAYMENT else "fees"
        column = "returned" if fact.kind in RETURNED else column
        day = sums.setdefault(fact.day, {})
        day[column] = day.get(column, Money.zero(currency)) + fact.amount
    zero = Money.zero(currency)
    # A provider's clock may be ahead of ours: its days are shown too.
    last = max([now.date(), *(fact.day for fact in facts if fact.day)])
    return [
        Day(
            on=on,
            received=sums.get(on, {}).get("received", zero),
            returned=sums.get(on, {}).get("returned", zero),
            fees=sums.get(on, {}).get("fees", zero),
        )
        for on in days_between(since.date(), last)
    ]


def _funnels(purchases: Sequence[PurchaseFunnel], deals: DealsOverview) -> list[Funnel]:
    """Two ways to a payment, apart: from the offer page, and from a request."""
    ways = [_of_purchases(funnel) for funnel in purchases]
    ways += [_of_requests(funnel, is_cut_off=deals.is_cut_off) for funnel in deals.requests]
    return sorted(ways, key=lambda funnel: _order_of(funnel.mode))


def _of_purchases(funnel: PurchaseFunnel) -> Funnel:
    # Who presses Pay has seen the offer: a page without a view is one that nobody counted.
    counts = {
        "Offer seen": funnel.seen or (None if funnel.pressed else 0),
        "Pay pressed": funnel.pressed,
        "Card tried": funnel.tried,
        "Paid": funnel.paid,
    }
    return Funnel(
        mode=funnel.mode,
        title="From the offer page",
        what="Times",
        steps=funnel_of(counts),
        is_cut_off=funnel.is_cut_off,
        counted_max=revenue.CHECKOUTS_COUNTED_MAX,
    )


def _of_requests(funnel: RequestFunnel, *, is_cut_off: bool) -> Funnel:
    counts = {
        "Requests": funnel.asked,
        "Accepted": funnel.accepted,
        "Link sent": funnel.sent,
        "Paid": funnel.paid,
    }
    return Funnel(
        mode=funnel.mode,
        title="From a request",
        what="Deals",
        steps=funnel_of(counts),
        is_cut_off=is_cut_off,
        counted_max=crm.DEALS_COUNTED_MAX,
        lost=funnel.lost,
    )


def _stuck(*, now: datetime) -> StuckWork:
    kinds, waits = due_work.known(), due_work.of_our_processes(due_work.waits(now))
    late_s = {kind: s for kind, s in waits.items() if s > due_work.LAG_MAX.total_seconds()}
    is_seal_late = late_s.pop(SEALING, None) is not None
    unsealed_s = waits[SEALING]
    run = revenue.newest_reconcile(mode=settings.DEPLOYMENT_MODE)
    reconciled_at = run.finished_at if run else None
    return StuckWork(
        late={kinds[kind].words: s for kind, s in late_s.items()},
        oldest_s=max(waits.values(), default=0.0),
        reconciled_at=reconciled_at,
        is_reconcile_late=reconciled_at is not None and now - reconciled_at > RECONCILE_LATE,
        reconcile_error=run.error_class if run else "",
        differences=run.differences if run else 0,
        unsealed_since=now - timedelta(seconds=unsealed_s) if unsealed_s else None,
        is_seal_late=is_seal_late,
        refused=revenue.refused_lately(now),
    )

"""Decisions of the sale that look nothing up: no database, no clock, no network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import Final

from kernel.modes import Mode
from kernel.money import Money, step_minor
from revenue.enums import OrderState, PaidBy, RevenueKind, ReviewReason, ReviewVerdict

# https://docs.stripe.com/api/disputes/object#dispute_object-status
# Events come in any order and one dispute only walks to the right, so the furthest status wins.
DISPUTE_RANKS: Final = {
    "warning_needs_response": 0,
    "warning_under_review": 1,
    "needs_response": 2,
    "under_review": 3,
    "warning_closed": 4,
    "prevented": 4,
    "lost": 5,
    "won": 6,
}
# Nothing is to be done about a dispute in one of these; in any other, a word that we do not know
# included, a person has to look.
DISPUTES_ANSWERED: Final = frozenset({"under_review", "warning_under_review"})
DISPUTES_CLOSED: Final = frozenset({"won", "lost", "warning_closed", "prevented"})
DISPUTES_NOT_WAITING: Final = DISPUTES_ANSWERED | DISPUTES_CLOSED
STRIPE: Final = "assets:stripe"
# Where a refund was paid from that Stripe could not make, and where one that a buyer returned is.
PAID_FROM: Final = MappingProxyType(
    {
        PaidBy.BANK_TRANSFER: "assets:bank",
        PaidBy.CASH: "assets:cash",
        PaidBy.OTHER: "assets:other",
    }
)
# The account that stands against the one the money lies on, per kind of event.
COUNTER_ACCOUNTS: Final = MappingProxyType(
    {
        RevenueKind.PAYMENT: "income:sales",
        RevenueKind.REFUND: "expenses:refunds",
        RevenueKind.REFUND_REVERSAL: "expenses:refunds",
        RevenueKind.REFUND_ELSEWHERE: "expenses:refunds",
        RevenueKind.REFUND_RETURNED: "expenses:refunds",
        RevenueKind.DISPUTE: "expenses:disputes",
        RevenueKind.DISPUTE_REVERSAL: "expenses:disputes",
        RevenueKind.FEE: "expenses:fees",
    }
)
REFUNDS_AT_STRIPE: Final = (RevenueKind.REFUND, RevenueKind.REFUND_REVERSAL)
REFUNDS_ELSEWHERE: Final = (RevenueKind.REFUND_ELSEWHERE, RevenueKind.REFUND_RETURNED)
DISPUTE_LOST: Final = "lost"
DISPUTES_OVER_WELL: Final = frozenset({"won", "warning_closed", "prevented"})
# Where Stripe keeps a balance in another currency, what left and what came back are compared at the
# rates that it names. It rounds those, and each amount to a minor unit.
RATE_PRECISION: Final = Fraction(1, 1_000)
# Without the rates they are not the same to the cent: so much may a rate have moved meanwhile.
RATE_SLACK: Final = Fraction(1, 10)
# Banks show a refund within five to ten business days: https://docs.stripe.com/refunds
REFUND_ARRIVES_WITHIN: Final = timedelta(days=14)
REFUNDS_UNDONE: Final = frozenset({"failed", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """All that an order's state depends on."""

    is_paid: bool
    has_failed: bool
    amount_minor: int
    refunded_minor: int
    disputed_minor: int
    has_open_or_lost_dispute: bool
    review_reason: str
    verdict: str
    refund_owed_minor: int = 0


def order_state(facts: OrderFacts) -> OrderState:
    """Return the state that follows from ``facts``, in whatever order they were learned.

    What a person has to decide comes first; then what the bank holds back; then what went back;
    evidence of money beats evidence of none. A word of Stripe's may add to what was booked, and
    takes nothing of it away: a dispute that was ``won`` is over when its money is back.
    """
    if facts.review_reason and facts.verdict != ReviewVerdict.ACCEPTED:
        return _undecided(facts)
    if not facts.is_paid:
        return OrderState.FAILED if facts.has_failed else OrderState.AWAITING_PAYMENT
    if facts.has_open_or_lost_dispute or facts.disputed_minor:
        return OrderState.DISPUTED
    if facts.refund_owed_minor:
        return OrderState.REFUND_OWED
    if facts.refunded_minor == 0:
        return OrderState.PAID
    is_all = facts.refunded_minor >= facts.amount_minor
    return OrderState.REFUNDED if is_all else OrderState.PARTIALLY_REFUNDED


def _undecided(facts: OrderFacts) -> OrderState:
    """An order that nobody accepted: ruled out, given back in full, or still waiting."""
    if facts.verdict and facts.refund_owed_minor:
        return OrderState.REFUND_OWED
    if facts.verdict == ReviewVerdict.NOT_OURS:
        return OrderState.NOT_OURS
    if facts.is_paid and 0 < facts.amount_minor <= facts.refunded_minor:
        return OrderState.REFUNDED
    return OrderState.NEEDS_REVIEW


@dataclass(frozen=True, slots=True)
class BalanceMovement:
    """A dispute's movement in the currency of the seller's balance, and the rate it came by."""

    amount: Money
    exchange_rate: Decimal | None = None


def held_back(*, disputed: Money, moved: Sequence[BalanceMovement], status: str) -> Money:
    """Return what a bank keeps from the seller for one dispute, in the currency it was paid in.

    The net of what was booked. ``moved`` are the dispute's movements as the seller sees them, in
    the currency of the seller's balance; where that is another one than ``disputed``'s, the share
    that has not come back counts. Of a lost dispute whose withdrawal nobody has told us, all does.
    """
    currencies = {each.amount.currency for each in moved}
    if currencies <= {disputed.currency}:
        held_minor = max(0, -sum(each.amount.amount_minor for each in moved))
    elif len(currencies) > 1:  # cannot be weighed against each other
        held_minor = disputed.amount_minor
    else:
        held_minor = ceil(disputed.amount_minor * _share_gone(moved))
    if status == DISPUTE_LOST and not held_minor:
        return disputed
    return Money(held_minor, disputed.currency)


def _share_gone(moved: Sequence[BalanceMovement]) -> Fraction:
    """Return how much of what left has not come back, from 0 to 1; each at its own rate."""
    rates = [Fraction(each.exchange_rate) for each in moved if each.exchange_rate]
    is_known = len(rates) == len(moved)
    minors = [each.amount.amount_minor for each in moved]
    worth: list[Fraction] = [Fraction(minor) for minor in minors]
    if is_known:
        worth = [minor / rate for minor, rate in zip(worth, rates, strict=True)]
    out, back = -sum(each for each in worth if each < 0), sum(each for each in worth if each > 0)
    if not out:
        return Fraction(0)
    slack = RATE_SLACK
    if is_known:
        slack = RATE_PRECISION + sum(Fraction(1, abs(minor)) for minor in minors)
    gone = max(Fraction(0), 1 - Fraction(back) / Fraction(out))
    return gone if gone > slack else Fraction(0)


def review_reason(
    *, asked: Money | None, taken: Money, is_foreign_mode: bool
) -> ReviewReason | None:
    """Say why a person must look at a session; None when Stripe took what we asked for.

    ``asked`` is None for a session that no checkout of ours explains.
    """
    if is_foreign_mode:
        return ReviewReason.FOREIGN_MODE
    if asked is None:
        return ReviewReason.UNKNOWN_SESSION
    if asked.currency != taken.currency:
        return ReviewReason.CURRENCY_DIFFERS
    if asked != taken:
        return ReviewReason.AMOUNT_DIFFERS
    return None


def off_step(amount: Money) -> str:
    """Say why Stripe would not take the last digits of ``amount``; "" where it would.

    https://docs.stripe.com/currencies#special-cases and #three-decimal
    """
    if amount.is_in_steps:
        return ""
    if step_minor(amount.currency) == 10:
        return f"the last digit must be 0: Stripe rounds {amount.currency} to ten"
    return f"both decimals must be 0: Stripe takes {amount.currency} in whole units only"


def mode_of(*, livemode: bool, is_stripe_itself: bool) -> Mode:
    """Return the mode of an answer: Stripe's own word, and never ``live`` from a stand-in."""
    if not is_stripe_itself:
        return Mode.SANDBOX
    return Mode.LIVE if livemode else Mode.TEST


def further_dispute_status(known: str, new: str) -> str:
    """Return the status further along a dispute's life, whichever came first."""
    return new if DISPUTE_RANKS.get(new, 2) >= DISPUTE_RANKS.get(known, 2) else known


def token_digest(token: str) -> str:
    """Return what is kept of the secret of a link to an order."""
    return hashlib.sha256(token.encode()).hexdigest()


def pressed_key(*, form_key: str, deal_ref: str, offer_ref: str, actor_id: int) -> str:
    """Return what one person's one form may make once for this deal and offer (64 hex).

    ``form_key`` comes back from a browser, so it counts only together with what it was sent for.
    """
    pressed = "\x1f".join([form_key, deal_ref, offer_ref, str(actor_id)])
    return hashlib.sha256(pressed.encode()).hexdigest()


def again_key(key: str) -> str:
    """Return the key of the second row that one press makes, when the first lacked a price."""
    return hashlib.sha256(f"{key}:again".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundStep:
    """One thing that made a buyer's claim to a refund larger or smaller, in minor units."""

    at: datetime
    failed_minor: int = 0  # promised, and did not arrive
    returned_minor: int = 0  # arrived after all, by whatever way
    begun_at: datetime | None = None
    is_retry: bool = False  # it was known to be one when it was begun


def refund_debt(steps: Iterable[RefundStep]) -> int:
    """Return what is still owed after all ``steps``, in minor units.

    A retry that fails is the same claim once more, not a second one; whatever was begun while
    something was owed is a retry. Of one moment, what failed comes first: it is what the other was
    made for.
    """
    debt, owed_since = 0, list[tuple[datetime, int]]()
    for step in sorted(steps, key=lambda step: (step.at, step.returned_minor > 0)):
        if step.is_retry or _owed_at(step.begun_at, owed_since):
            debt = max(debt, step.failed_minor)
        else:
            debt += step.failed_minor
        debt = max(0, debt - step.returned_minor)
        owed_since.append((step.at, debt))
    return debt


def _owed_at(at: datetime | None, owed_since: Sequence[tuple[datetime, int]]) -> int:
    if at is None:
        return 0
    return next((debt for since, debt in reversed(owed_since) if since <= at), 0)

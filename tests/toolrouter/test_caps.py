"""What is left under a cap, by arithmetic: the worked cases, and what holds for all others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from toolrouter.caps import (
    Capture,
    Spend,
    Window,
    counted_minor,
    fits,
    funded_headroom_minor,
    headroom_minor,
    is_inside,
    still_reserved_minor,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def settled(minor: int, *, ago: timedelta = HOUR, ref: str = "call_settled") -> Spend:
    return Spend(ref=ref, captures=(Capture(amount_minor=minor, at=NOW - ago),))


def reserved(minor: int, *, ref: str = "call_reserved") -> Spend:
    return Spend(ref=ref, reserved_minor=minor)


def headroom(
    limit_minor: int, *spends: Spend, window: Window = Window.DAY, own_ref: str | None = None
) -> int:
    counted = counted_minor(spends, window=window, now=NOW, own_ref=own_ref)
    return headroom_minor(limit_minor=limit_minor, counted_minor=counted)


def granted(limit_minor: int, *spends: Spend, asking: list[int]) -> int:
    """Ask one after the other, as a lock makes those who ask at once; say how many fitted."""
    held = list(spends)
    for place, ceiling_minor in enumerate(asking):
        if fits(ceiling_minor=ceiling_minor, headroom_minor=headroom(limit_minor, *held)):
            held.append(reserved(ceiling_minor, ref=f"call_{place}"))
    return len(held) - len(spends)


@pytest.mark.parametrize(("each_minor", "times"), [(100, 0), (5, 2)])
def test_of_ten_with_nine_ninety_settled_five_ask_at_once(each_minor: int, times: int) -> None:
    assert granted(10_00, settled(9_90), asking=[each_minor] * 5) == times


def test_of_eight_requests_of_ten_under_sixty_six_fit() -> None:
    assert granted(60_00, asking=[10_00] * 8) == 6


def test_a_call_of_exactly_the_headroom_passes_when_proposed_and_when_claimed() -> None:
    left = headroom(10_00, settled(9_90))
    assert fits(ceiling_minor=10, headroom_minor=left)
    own = reserved(10, ref="call_own")

    at_the_claim = headroom(10_00, settled(9_90), own, own_ref="call_own")

    assert fits(ceiling_minor=10, headroom_minor=at_the_claim)
    assert not fits(ceiling_minor=11, headroom_minor=at_the_claim)
    assert headroom(10_00, settled(9_90), own) == 0


@pytest.mark.parametrize("window", list(Window))
def test_what_is_unknown_for_three_days_still_counts(window: Window) -> None:
    assert headroom(10_00, reserved(10_00), window=window) == 0


@pytest.mark.parametrize(
    ("window", "left"), [(Window.DAY, 10_00), (Window.MONTH, 0), (Window.LIFETIME, 0)]
)
def test_what_was_settled_25_hours_ago_is_free_in_a_day(window: Window, left: int) -> None:
    assert headroom(10_00, settled(10_00, ago=25 * HOUR), window=window) == left


@pytest.mark.parametrize(
    ("window", "length"), [(Window.DAY, timedelta(hours=24)), (Window.MONTH, timedelta(days=30))]
)
def test_a_window_ends_to_the_moment(window: Window, length: timedelta) -> None:
    assert is_inside(window, NOW - length + timedelta(microseconds=1), now=NOW)
    assert not is_inside(window, NOW - length, now=NOW)


def test_what_was_captured_a_moment_ahead_of_our_clock_counts() -> None:
    assert is_inside(Window.DAY, NOW + HOUR, now=NOW)


def test_what_a_vendor_refunds_leaves_the_headroom_as_it_is() -> None:
    """There is nothing to tell the arithmetic of it: only captures and reservations are counted."""
    assert headroom(10_00, settled(5_00)) == 5_00


def test_of_a_ceiling_the_rest_is_free_from_the_closing() -> None:
    open_rest = still_reserved_minor(ceiling_minor=49_00, captured_minor=30_00, is_closed=False)
    closed_rest = still_reserved_minor(ceiling_minor=49_00, captured_minor=30_00, is_closed=True)
    capture = Capture(amount_minor=30_00, at=NOW - HOUR)

    def left(rest: int) -> int:
        return headroom(60_00, Spend(ref="call_a", reserved_minor=rest, captures=(capture,)))

    assert (open_rest, closed_rest) == (19_00, 0)
    assert (left(open_rest), left(closed_rest)) == (11_00, 30_00)


def test_under_a_lowered_cap_what_was_approved_no_longer_fits() -> None:
    own = reserved(10_00, ref="call_own")

    assert not fits(ceiling_minor=1, headroom_minor=headroom(9_00, own))
    assert not fits(ceiling_minor=10_00, headroom_minor=headroom(9_00, own, own_ref="call_own"))


def test_more_captured_than_the_cap_allows_is_shown_below_zero() -> None:
    rest = still_reserved_minor(ceiling_minor=49_00, captured_minor=58_80, is_closed=False)
    over = Spend(
        ref="call_a", reserved_minor=rest, captures=(Capture(amount_minor=58_80, at=NOW - HOUR),)
    )

    assert rest == 0
    assert headroom(49_00, over) == -9_80


@pytest.mark.parametrize(
    ("share_percent", "funded_minor", "run_minor", "left"),
    [
        (100, 1_00, 0, 1_00),
        (100, 0, 0, 0),  # the order was refunded
        (50, 1_00, 20, 30),
        (33, 1_00, 0, 33),
        (33, 10, 0, 3),  # no part of a cent
        (100, 1_00, 1_50, -50),
        (100, -1_00, 0, -1_00),  # more was refunded than paid
    ],
)
def test_the_owners_share_of_the_funding_is_what_is_left_of_it(
    share_percent: int, funded_minor: int, run_minor: int, left: int
) -> None:
    assert left == funded_headroom_minor(
        share_percent=share_percent, funded_minor=funded_minor, run_minor=run_minor
    )


captures = st.builds(
    Capture,
    amount_minor=st.integers(0, 10**9),
    at=st.integers(0, 60 * 24 * 40).map(lambda minutes: NOW - timedelta(minutes=minutes)),
)
spends = st.lists(
    st.builds(
        Spend,
        ref=st.sampled_from(["call_a", "call_b", "call_c"]),
        reserved_minor=st.integers(0, 10**9),
        captures=st.lists(captures, max_size=3).map(tuple),
    ),
    max_size=6,
)


@given(spends)
def test_a_longer_window_counts_no_less(held: list[Spend]) -> None:
    day, month, ever = (counted_minor(held, window=w, now=NOW) for w in Window)

    assert day <= month <= ever


@given(spends, st.sampled_from(list(Window)))
def test_an_own_reservation_is_what_the_claim_leaves_out(held: list[Spend], window: Window) -> None:
    counted = counted_minor(held, window=window, now=NOW)
    without = counted_minor(held, window=window, now=NOW, own_ref="call_a")

    assert counted - without == sum(s.reserved_minor for s in held if s.ref == "call_a")


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_one_cent_over_the_headroom_never_fits(room: int, ceiling_minor: int) -> None:
    assert fits(ceiling_minor=ceiling_minor, headroom_minor=room) == (ceiling_minor <= room)
    assert not fits(ceiling_minor=room + 1, headroom_minor=room)


class ReserveSettleRelease(RuleBasedStateMachine):
    """Whatever is reserved, settled and released in whatever order, a lifetime cap holds."""

    @initialize(limit_minor=st.integers(0, 1000))
    def start(self, limit_minor: int) -> None:
        self.limit_minor = limit_minor
        self.held: dict[str, Spend] = {}
        self.made = 0

    @rule(ceiling_minor=st.integers(0, 400))
    def reserve(self, ceiling_minor: int) -> None:
        left = headroom(self.limit_minor, *self.held.values(), window=Window.LIFETIME)
        if fits(ceiling_minor=ceiling_minor, headroom_minor=left):
            self.made += 1
            ref = f"call_{self.made}"
            self.held[ref] = reserved(ceiling_minor, ref=ref)

    @rule(data=st.data(), is_closed=st.booleans())
    def settle(self, data: st.DataObject, is_closed: bool) -> None:
        open_ones = sorted(ref for ref, spend in self.held.items() if spend.reserved_minor)
        if not open_ones:
            return
        ref = data.draw(st.sampled_from(open_ones))
        ceiling_minor = self.held[ref].reserved_minor
        captured = data.draw(st.integers(0, ceiling_minor))
        rest = still_reserved_minor(
            ceiling_minor=ceiling_minor, captured_minor=captured, is_closed=is_closed
        )
        taken = Capture(amount_minor=captured, at=NOW - HOUR)
        self.held[ref] = Spend(
            ref=ref, reserved_minor=rest, captures=(*self.held[ref].captures, taken)
        )

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if self.held:
            ref = data.draw(st.sampled_from(sorted(self.held)))
            self.held[ref] = Spend(ref=ref, captures=self.held[ref].captures)

    @invariant()
    def nothing_is_over_the_cap(self) -> None:
        if hasattr(self, "held"):
            assert headroom(self.limit_minor, *self.held.values(), window=Window.LIFETIME) >= 0


TestReserveSettleRelease = ReserveSettleRelease.TestCase

"""Numbers are read narrowly, and what is written alike is read alike."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fulfillment.snapshots.figures import Figure, figures


def _read(text: str) -> list[tuple[str, str]]:
    return [(f"{figure.value.normalize():f}", figure.unit) for figure in figures(text)]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1,200 1200 1200.0 1.2k 1.2 thousand", [("1200", "")] * 5),
        ("12% 12 % 12 percent twelve per cent", [("12", "%")] * 4),
        ("$5 US$5 5 dollars USD 5 5 USD", [("5", "USD")] * 5),
        ("3,5 % and 3.5 %", [("3.5", "%")] * 2),
        ("12 and $12 and €12", [("12", ""), ("12", "USD"), ("12", "EUR")]),
        ("10–15 %", [("10", "%"), ("15", "%")]),
        ("$1 to 2 million", [("1000000", "USD"), ("2000000", "USD")]),
        ("3 percentage points or 3 %", [("3", "points"), ("3", "%")]),
        ("-5 % and 5 %", [("-5", "%"), ("5", "%")]),
        ("5x, 5m, 5 million", [("5", "x"), ("5", "m"), ("5000000", "")]),
        ("1.2.3 and 12,34,567", [("0", "1.2.3"), ("0", "12,34,567")]),
        ("B2B in Q3 2026, the 2nd", [("2026", ""), ("2", "th")]),
        ("½ of ٣", [("0", "½"), ("0", "٣")]),
        ("three moves, one idea, a hundred words", []),
    ],
)  # fmt: skip
def test_a_number_is_read_in_one_way(text: str, read: list[tuple[str, str]]) -> None:
    assert _read(text) == read


def test_it_is_known_how_exactly_a_figure_is_written() -> None:
    assert [each.places for each in figures("17 17.0 17.25 1.2k 3 million")] == [0, 1, 2, -2, -6]


def test_two_figures_are_the_same_by_value_and_unit() -> None:
    (said,) = figures("1.2k")
    assert said.key == Figure(value=Decimal(1200)).key != Figure(value=Decimal(1200), unit="%").key

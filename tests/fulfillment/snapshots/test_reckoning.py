"""A reckoned figure is worked out again, by a grammar that knows four operations."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fulfillment.snapshots.figures import figures
from fulfillment.snapshots.reckoning import BadFormula, comes_to, work_out


def test_products_bind_closer_than_sums_and_brackets_closest() -> None:
    inputs = {"a": Decimal(2), "b": Decimal(3)}
    assert work_out("a + b * 12", inputs) == Decimal(38)
    assert work_out("(a + b) * 12 / 100", inputs) == Decimal("0.6")
    assert work_out("a - b - 1", inputs) == Decimal(-2)


@pytest.mark.parametrize(
    "formula",
    [
        *("a", "a + c", "a * b * 1.2", "a * b * 3", "a ** b", "a / (b - b)", "(a + b", "a b"),
        *("", "a + b)", "-a + b", "a.b", "__import__", "(" * 40 + "a+b" + ")" * 40, "a+b" * 60),
    ],
)
def test_what_is_no_formula_over_just_its_inputs_is_refused(formula: str) -> None:
    with pytest.raises(BadFormula):
        work_out(formula, {"a": Decimal(2), "b": Decimal(3)})


@pytest.mark.parametrize(
    ("value", "said", "same"),
    [
        *(("17.4", "17 %", True), ("17.5", "17 %", False), ("17.5", "18 %", True)),
        *(("17.44", "17.4", True), ("1187", "1.2k", True), ("1187", "1,200", False)),
    ],
)
def test_it_is_rounded_as_exactly_as_it_is_written(value: str, said: str, same: bool) -> None:
    (figure,) = figures(said)
    assert comes_to(Decimal(value), figure) is same


def test_what_is_too_large_to_be_rounded_is_a_bad_formula_and_a_long_quotient_is_exact() -> None:
    (figure,) = figures("17 %")
    with pytest.raises(BadFormula):
        comes_to(work_out("a*a*a*a*a*a*a", {"a": Decimal(1_000_000)}), figure)

    (figure,) = figures("17.4")
    assert not comes_to(Decimal("17.3499999999999999999999999999999"), figure)

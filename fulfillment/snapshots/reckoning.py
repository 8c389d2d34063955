"""The arithmetic of a figure that was reckoned: + − * / and brackets over named inputs.

Constants are those between units of time and of counting (12 months, 100 for percent), and 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException
from typing import Final

from fulfillment.snapshots.figures import Figure

FORMULA_CHARS_MAX: Final = 120
CONSTANTS: Final = frozenset({1, 7, 12, 24, 30, 52, 60, 100, 365, 1000})
_TOKEN: Final = re.compile(r"(?:([a-z][a-z0-9_]{0,19})|(\d{1,4})|([-+*/()]))", re.ASCII)
_EXACT: Final = Context(prec=40)
_DEPTH_MAX: Final = 20


class BadFormula(Exception):
    """It is no formula of ours, names what is not there, or cannot be worked out."""


def work_out(formula: str, inputs: Mapping[str, Decimal]) -> Decimal:
    """Return what ``formula`` comes to. Raises BadFormula, also where an input is not used."""
    reader = _Reader(_tokens(formula), inputs)
    try:
        value = reader.sum(0)
    except DecimalException as error:
        raise BadFormula("cannot be worked out") from error
    if reader.rest:
        raise BadFormula("goes on after its end")
    if reader.used != set(inputs):
        raise BadFormula("does not use each input")
    return value


def comes_to(value: Decimal, said: Figure) -> bool:
    """Say whether ``value``, rounded as exactly as ``said`` is written, is that figure.

    Raises BadFormula where it is too large to be rounded so.
    """
    step = Decimal(1).scaleb(-said.places)
    try:
        whole = _EXACT.divide(value, step).quantize(
            Decimal(1), rounding=ROUND_HALF_UP, context=_EXACT
        )
        return _EXACT.multiply(whole, step) == said.value
    except DecimalException as error:
        raise BadFormula("cannot be rounded") from error


def _tokens(formula: str) -> list[str]:
    if len(formula) > FORMULA_CHARS_MAX:
        raise BadFormula("is too long")
    tokens, place = [], 0
    written = formula.rstrip()
    while place < len(written):
        if written[place].isspace():
            place += 1
            continue
        found = _TOKEN.match(written, place)
        if found is None:
            raise BadFormula("has a sign that is not known")
        tokens.append(found.group().strip())
        place = found.end()
    return tokens


class _Reader:
    """Reads sums of products of atoms, and works them out as it goes."""

    def __init__(self, tokens: list[str], inputs: Mapping[str, Decimal]) -> None:
        self.rest = tokens
        self.used: set[str] = set()
        self._inputs = inputs

    def sum(self, depth: int) -> Decimal:
        """Read products between + and −."""
        value = self._product(depth)
        while self._next() in ("+", "-"):
            sign = self.rest.pop(0)
            other = self._product(depth)
            value = _EXACT.add(value, other) if sign == "+" else _EXACT.subtract(value, other)
        return value

    def _product(self, depth: int) -> Decimal:
        value = self._atom(depth)
        while self._next() in ("*", "/"):
            sign = self.rest.pop(0)
            other = self._atom(depth)
            value = _EXACT.multiply(value, other) if sign == "*" else _EXACT.divide(value, other)
        return value

    def _atom(self, depth: int) -> Decimal:
        found = self._next()
        if not found or depth > _DEPTH_MAX:
            raise BadFormula("ends too early, or goes too deep")
        self.rest.pop(0)
        if found == "(":
            value = self.sum(depth + 1)
            if self._next() != ")":
                raise BadFormula("has an open bracket")
            self.rest.pop(0)
            return value
        if found.isdigit():
            if int(found) not in CONSTANTS:
                raise BadFormula("has a number that is neither an input nor a unit's")
            return Decimal(found)
        if found not in self._inputs:
            raise BadFormula("names an input that is not there")
        self.used.add(found)
        return self._inputs[found]

    def _next(self) -> str:
        return self.rest[0] if self.rest else ""

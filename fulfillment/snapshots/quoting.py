"""What a claim rests on is looked up: its quotes in their sources, its figures in its quotes.

A claim that is marked a judgement may stand without; what it quotes all the same must be true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from pydantic import BaseModel

from fulfillment.snapshots.figures import Figure, figures
from fulfillment.snapshots.reckoning import BadFormula, comes_to, work_out
from fulfillment.snapshots.schema import Channel, Claim, Quote, Reckoning
from fulfillment.snapshots.sources import Pages, ReadPage, plain

_AROUND: Final = 60  # characters beside a quote in which a figure that it cuts would show
_TRIES_MAX: Final = 50  # places at which a quote is looked at
P = TypeVar("P", bound=BaseModel)
_Keys: TypeAlias = frozenset[tuple[Decimal, str]]


class Fault(StrEnum):
    """Why a section is not taken as it is. An agent reads these words; none is renamed."""

    UNKNOWN_SOURCE = "unknown_source"  # no source of this run, or one that it may not read
    NOT_IN_SOURCE = "not_in_source"
    CUTS_A_FIGURE = "cuts_a_figure"  # the quote begins or ends within a number or before its unit
    NO_SUPPORT = "no_support"  # neither a quote nor marked a judgement
    FIGURE_NOT_QUOTED = "figure_not_quoted"
    INPUT_NOT_QUOTED = "input_not_quoted"
    BAD_FORMULA = "bad_formula"
    WRONG_RESULT = "wrong_result"
    OTHER_CURRENCY = "other_currency"
    RESULT_NOT_SAID = "result_not_said"
    SHARE_NOT_SAID = "share_not_said"  # the share that is drawn is not in the words beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong at one place of a section: by path, and the figure as it is written."""

    where: str
    code: str
    figure: str = ""

    def as_data(self) -> dict[str, str]:
        """Return it for an agent."""
        said = {"where": self.where, "code": str(self.code)}
        return said | ({"figure": self.figure} if self.figure else {})


def problems_of(section: BaseModel, pages: Pages) -> list[Problem]:
    """Return everything that a section claims and does not rest on, in its order."""
    found: list[Problem] = []
    for where, claim in claims_of(section):
        found += _of_claim(where, claim, pages)
    for where, channel in _parts(section, Channel, ""):
        share = channel.share_percent
        said = {figure.key for figure in figures(channel.share.text)}
        if share is not None and (Decimal(share).normalize(), "%") not in said:
            found.append(
                Problem(where=f"{where}.share", code=Fault.SHARE_NOT_SAID, figure=f"{share}%")
            )
    return found


def claims_of(section: BaseModel) -> list[tuple[str, Claim]]:
    """Return the claims of a section with their paths, as ``moves[1].effect``."""
    return list(_parts(section, Claim, ""))


def quotes_of(claim: Claim) -> Sequence[Quote]:
    """Return all that a claim quotes, the inputs of its reckonings included."""
    return [*claim.quotes, *(each for reckoned in claim.reckoned for each in reckoned.inputs)]


def _parts(part: BaseModel, wanted: type[P], where: str) -> Iterator[tuple[str, P]]:
    if isinstance(part, wanted):
        yield where, part
    for name in type(part).model_fields:
        value = getattr(part, name)
        path = f"{where}.{name}" if where else name
        if isinstance(value, BaseModel):
            yield from _parts(value, wanted, path)
        elif isinstance(value, list):
            for place, each in enumerate(value):
                if isinstance(each, BaseModel):
                    yield from _parts(each, wanted, f"{path}[{place}]")


def _of_claim(where: str, claim: Claim, pages: Pages) -> Iterator[Problem]:
    quoted: set[tuple[Decimal, str]] = set()
    for place, quote in enumerate(claim.quotes):
        keys = find_quote(quote, pages)
        if isinstance(keys, Fault):
            yield Problem(where=f"{where}.quotes[{place}]", code=keys)
        else:
            quoted |= keys
    said = figures(claim.text)
    for place, reckoned in enumerate(claim.reckoned):
        problem = _of_reckoning(f"{where}.reckoned[{place}]", reckoned, said, pages)
        if problem is not None:
            yield problem
        named = [reckoned.result, *(each.figure for each in reckoned.inputs)]
        quoted |= {figure.key for text in named for figure in figures(text)}
    if claim.judgement:
        return
    if not claim.quotes and not claim.reckoned:
        yield Problem(where=where, code=Fault.NO_SUPPORT)
    for figure in said:
        if figure.key not in quoted:
            yield Problem(where=where, code=Fault.FIGURE_NOT_QUOTED, figure=figure.written)


def find_quote(quote: Quote, pages: Pages) -> _Keys | Fault:
    """Return the figures that a quote holds whole, or why it is none."""
    page = pages.get(quote.source)
    if page is None:
        return Fault.UNKNOWN_SOURCE
    places = list(_places(plain(quote.quote), page))
    if not places:
        return Fault.NOT_IN_SOURCE
    return next((keys for keys in places if keys is not None), Fault.CUTS_A_FIGURE)


def _places(words: str, page: ReadPage) -> Iterator[_Keys | None]:
    """Yield, for each place where the words stand, their figures; None where they cut one."""
    start = -1
    for _ in range(_TRIES_MAX):
        start = page.plain.find(words, start + 1)
        if start < 0:
            return
        end = start + len(words)
        first = max(0, start - _AROUND)
        yield _whole(figures(page.plain[first : end + _AROUND]), start - first, end - first)


def _whole(around: Sequence[Figure], start: int, end: int) -> _Keys | None:
    for figure in around:
        if figure.start < start < figure.end or figure.start < end < figure.end:
            return None
    within = [each for each in around if start <= each.start and each.end <= end]
    return frozenset(figure.key for figure in within)


def _of_reckoning(
    where: str, reckoned: Reckoning, said: Sequence[Figure], pages: Pages
) -> Problem | None:
    inputs: dict[str, Figure] = {}
    for place, each in enumerate(reckoned.inputs):
        path = f"{where}.inputs[{place}]"
        keys = find_quote(each, pages)
        if isinstance(keys, Fault):
            return Problem(where=path, code=keys)
        read = figures(each.figure)
        if len(read) != 1 or read[0].key not in keys:
            return Problem(where=path, code=Fault.INPUT_NOT_QUOTED, figure=each.figure)
        inputs[each.name] = read[0]
    result = figures(reckoned.result)
    if len(result) != 1 or result[0].key not in {figure.key for figure in said}:
        return Problem(where=where, code=Fault.RESULT_NOT_SAID, figure=reckoned.result)
    if not _is_of_its_currency(result[0], list(inputs.values())):
        return Problem(where=where, code=Fault.OTHER_CURRENCY, figure=reckoned.result)
    try:
        value = work_out(reckoned.formula, {name: each.value for name, each in inputs.items()})
        is_right = comes_to(value, result[0])
    except BadFormula:
        return Problem(where=where, code=Fault.BAD_FORMULA)
    if not is_right:
        return Problem(where=where, code=Fault.WRONG_RESULT, figure=reckoned.result)
    return None


def _is_of_its_currency(result: Figure, inputs: Sequence[Figure]) -> bool:
    """Say whether the inputs are of one currency at most, and the result of no other."""
    of_inputs = {each.unit for each in inputs if len(each.unit) == 3 and each.unit.isupper()}
    is_money = len(result.unit) == 3 and result.unit.isupper()  # ISO 4217
    return len(of_inputs) <= 1 and (not is_money or result.unit in of_inputs)

"""The sections of a snapshot, written from the pages that were read.

What no page says is a judgement and says so. A section that was sent back is mended where it was
faulted: the claim stays as a judgement without what could not be shown.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sandbox.model.pages import Found, Page, find, find_all, sentence

Json = dict[str, Any]
SECTIONS: Final = ("overview", "channels", "loss", "moves")
CLAIM_CHARS, NAME_CHARS, STEP_CHARS, TITLE_CHARS = 280, 30, 24, 70
CHANNELS_MAX: Final = 5
_PATH: Final = re.compile(r"([a-z_]+)|\[(\d+)\]")

_CAME: Final = (
    r"(?P<share>\d+) % of new (?P<who>\w+) came through (?P<name>[^:.]{3,60}): [^.]{5,200}\."
    r" By our own count each of them cost us about (?P<cost>\d+) dollars"
)
_DEAREST: Final = (
    r"A customer from advertising cost about (?P<cost>\d+) dollars in [^,.]{5,60},"
    r" up from (?P<before>\d+) dollars a year earlier"
)
_STEPS: Final = (
    r"Of 1,000 who (?P<a>[^,.]{3,60}), \d+ (?P<b>\D[^,.]{2,60}), \d+ (?P<c>\D[^,.]{2,60}?)"
    r" and \d+ (?P<d>\D[^,.]{2,60})\."
)
_LOST: Final = (
    r"Of the (?P<reached>\d+) who (?P<before>[^,.]{3,60}), only (?P<passed>\d+)"
    r" (?P<step>\D[^,.:]{2,60}): we lose (?P<percent>\d+) % of them there"
)
_REASON: Final = r"The reason is no secret: (?P<why>[^.]{10,250})\."
_COMPLAIN: Final = (
    r"(?P<some>\d+) of the (?P<all>\d+) reviewers complain about the beginning: [^.]{10,250}\."
)
_SELDOM: Final = r"Only one in eight \w+ has ever recommended us, because [^.]{10,200}\."


class Writer:
    """Writes the sections about one company, from what was read about it."""

    def __init__(self, pages: Sequence[Page], *, company: str, website: str, question: str) -> None:
        self._pages = pages
        self._company, self._website, self._question = company, website, question
        self._came = list(find_all(pages, _CAME))[:CHANNELS_MAX]
        self._lost = find(pages, _LOST)
        self._dearest = find(pages, _DEAREST)

    def section(self, name: str) -> Json:
        """The content of a section, by its name. Raises LookupError for another."""
        writers: Mapping[str, Callable[[], Json]] = {
            "overview": self._overview,
            "channels": self._channels,
            "loss": self._loss,
            "moves": self._moves,
        }
        return writers[name]()

    def _overview(self) -> Json:
        claims = [claim for claim in (self._first(), self._compared(), self._where()) if claim]
        return {
            "company": cut(self._company, 60) or "The company",
            "website": cut(self._website, 80) or "not known",
            "question": cut(self._question, 200) or "Where do customers come from?",
            "headline": self._headline(),
            "in_short": claims
            or [judged(f"The pages that were read say little about {self._company} in figures.")],
        }

    def _headline(self) -> str:
        if self._came and self._lost:
            name = self._came[0].parts["name"]
            return cut(f"Most come through {name}. One step sends them away.", 110)
        return cut(f"What can be said of {self._company or 'the company'} from outside", 110)

    def _first(self) -> Json | None:
        if not self._came:
            found = sentence(self._pages, "found us") or sentence(self._pages, "customer")
            return stated(found.words, found) if found else None
        first = self._came[0]
        return stated(
            f"{first.parts['share']} % of new {first.parts['who']} come through"
            f" {first.parts['name']}, more than through anything else.",
            first,
        )

    def _compared(self) -> Json | None:
        """What the dearest channel costs against the first, reckoned."""
        if len(self._came) < 2:  # nothing to compare
            return None
        dear = max(self._came, key=lambda found: int(found.parts["cost"]))
        cheap = self._came[0]
        if dear is cheap:
            return None
        times = _rounded(Decimal(dear.parts["cost"]) / Decimal(cheap.parts["cost"]))
        return {
            "text": cut(
                f"A customer who comes through {dear.parts['name']} costs {times} times as much as"
                f" one through {cheap.parts['name']}.",
                CLAIM_CHARS,
            ),
            "quotes": [],
            "reckoned": [
                {
                    "result": times,
                    "formula": "dear / cheap",
                    "inputs": [_input("dear", dear), _input("cheap", cheap)],
                }
            ],
            "judgement": False,
        }

    def _where(self) -> Json | None:
        if self._lost is None:
            return None
        said = self._lost.parts
        return stated(
            f"Most are lost at one step: of {said['reached']} who {said['before']}, only"
            f" {said['passed']} {said['step']}.",
            self._lost,
        )

    def _channels(self) -> Json:
        channels = [self._channel(found) for found in self._came]
        for name in ("Search", "Recommendations"):
            if len(channels) < 2:  # as many as there must be
                channels.append(
                    {
                        "name": name,
                        "share": judged("Not known: no page that was read says it."),
                        "cost": judged("Not known. Ask each new customer for one month."),
                    }
                )
        return {"channels": channels}

    def _channel(self, found: Found) -> Json:
        said = found.parts
        return {
            "name": cut(said["name"][:1].upper() + said["name"][1:], NAME_CHARS),
            "share_percent": int(said["share"]),
            "share": stated(f"{said['share']} % of new {said['who']}.", found),
            "cost": stated(
                f"About {said['cost']} dollars for each, by the company’s own count.", found
            ),
        }

    def _loss(self) -> Json:
        steps, at = self._steps()
        claims = [claim for claim in (self._lost_there(), self._why(), self._heard()) if claim]
        return {
            "steps": steps,
            "lost_at": at,
            "claims": claims
            or [judged("No page says where people leave. Count each step for one month.")],
        }

    def _steps(self) -> tuple[list[str], str]:
        found = find(self._pages, _STEPS)
        if found is None:
            return ["Visit", "Contact", "Purchase"], "Contact"
        steps = [cut(found.parts[name].capitalize(), STEP_CHARS) for name in "abcd"]
        if len(set(steps)) < len(steps):
            return ["Visit", "Contact", "Purchase"], "Contact"
        at = self._lost.parts["step"] if self._lost else steps[1]
        wanted = cut(at.capitalize(), STEP_CHARS)
        return steps, wanted if wanted in steps else steps[1]

    def _lost_there(self) -> Json | None:
        if self._lost is None:
            return None
        said = self._lost.parts
        return stated(
            f"Of the {said['reached']} who {said['before']}, only {said['passed']} {said['step']}:"
            f" {said['percent']} % are lost there.",
            self._lost,
        )

    def _why(self) -> Json | None:
        found = find(self._pages, _REASON)
        why = found.parts["why"] if found else ""
        return stated(f"The company says why: {why}.", found) if found else None

    def _heard(self) -> Json | None:
        found = find(self._pages, _COMPLAIN)
        if found is None:
            return None
        said = found.parts
        return stated(
            f"Customers say it too: {said['some']} of the {said['all']} reviewers complain about"
            " the beginning.",
            found,
        )

    def _moves(self) -> Json:
        moves = [self._mend_the_step(), self._spend_where_it_works(), self._ask_later()]
        return {"moves": moves}

    def _mend_the_step(self) -> Json:
        came = self._lost.parts["before"] if self._lost else "get in touch"
        why = self._lost_there() or judged("It is where most companies of this size lose people.")
        return _move(
            f"Help those who {came} over the next step",
            why,
            "days",
            "One page and one person to ask. Nothing else changes meanwhile.",
            judged(
                "More customers from the visitors that there are already. Count for four weeks"
                " before touching anything else."
            ),
        )

    def _spend_where_it_works(self) -> Json:
        said = self._dearest.parts if self._dearest else {}
        why = (
            stated(
                f"A customer from advertising cost about {said['cost']} dollars, up from"
                f" {said['before']} dollars a year earlier.",
                self._dearest,
            )
            if self._dearest
            else judged("Advertising is what most companies of this size pay most for.")
        )
        return _move(
            "Move a third of the advertising money into articles",
            why,
            "hours",
            "Lower one budget for a month, and write what people ask for.",
            self._saved()
            or judged("Fewer visitors, and dearer ones lost first. Watch for a month."),
        )

    def _saved(self) -> Json | None:
        if len(self._came) < 2:  # nothing to compare
            return None
        dear = max(self._came, key=lambda found: int(found.parts["cost"]))
        cheap = self._came[0]
        left = int(dear.parts["cost"]) - int(cheap.parts["cost"])
        if left <= 0:
            return None
        return {
            "text": cut(
                f"Each customer who comes through {cheap.parts['name']} instead costs"
                f" {left} dollars less.",
                CLAIM_CHARS,
            ),
            "quotes": [],
            "reckoned": [
                {
                    "result": f"{left} dollars",
                    "formula": "dear - cheap",
                    "inputs": [_input("dear", dear), _input("cheap", cheap)],
                }
            ],
            "judgement": False,
        }

    def _ask_later(self) -> Json:
        found = find(self._pages, _SELDOM)
        why = (
            stated("Few recommend the company: they are asked once, in the first week.", found)
            if found
            else judged("Most customers are never asked whom they would recommend it to.")
        )
        friends = next((f for f in self._came if "recommend" in f.parts["name"]), None)
        effect = (
            stated(
                f"Such customers cost about {friends.parts['cost']} dollars each, and asking again"
                " costs nothing.",
                friends,
            )
            if friends
            else judged("A customer who was sent by another costs next to nothing.")
        )
        return _move(
            "Ask for a recommendation after three months",
            why,
            "hours",
            "One letter, sent by itself to whoever has stayed for three months.",
            effect,
        )


def mended(content: Json, problems: Sequence[Json]) -> Json:
    """The section again, each faulted claim as a judgement that shows nothing it cannot."""
    better = deepcopy(content)
    for problem in problems:
        _mend(better, str(problem.get("where", "")))
    return better


def _mend(content: Json, where: str) -> None:
    at: object = content
    for name, place in _PATH.findall(where):
        at_next = _inside(at, name, place)
        if at_next is None:
            break
        at = at_next
        if isinstance(at, dict) and "text" in at:
            at |= {"quotes": [], "reckoned": [], "judgement": True}
            return
    if isinstance(at, dict) and "share_percent" in at:
        at.pop("share_percent")


def _inside(at: object, name: str, place: str) -> object:
    if name and isinstance(at, dict):
        return at.get(name)
    if place and isinstance(at, list) and int(place) < len(at):
        return at[int(place)]
    return None


def stated(text: str, found: Found) -> Json:
    """A claim that quotes what it rests on."""
    quotes = [found.quote()]
    return {"text": cut(text, CLAIM_CHARS), "quotes": quotes, "reckoned": [], "judgement": False}


def judged(text: str) -> Json:
    """A claim that rests on nothing but judgement."""
    return {"text": cut(text, CLAIM_CHARS), "quotes": [], "reckoned": [], "judgement": True}


def cut(text: str, chars_max: int) -> str:
    """A text on one line, as long as it may be, ending at a word."""
    line = " ".join(text.split())
    if len(line) <= chars_max:
        return line
    return line[: chars_max - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _move(title: str, why: Json, effort: str, effort_words: str, effect: Json) -> Json:
    return {
        "title": cut(title, TITLE_CHARS),
        "why": why,
        "effort": effort,
        "effort_words": effort_words,
        "effect": effect,
    }


def _input(name: str, found: Found) -> Json:
    return {**found.quote(), "name": name, "figure": f"{found.parts['cost']} dollars"}


def _rounded(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))

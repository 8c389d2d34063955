"""Made-up companies: each follows from the name of its host alone."""

import hashlib
import random
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import idna

from sandbox.web.trades import TRADES, Trade

SUFFIX: Final = ".example"  # RFC 2606: nobody can have it
NAME_CHARS_MAX: Final = 40
# The well-known ones: what they are called, and which trade they are of.
KNOWN: Final = {
    "brightloom": ("Brightloom", 6),
    "larkfield-cycles": ("Larkfield Cycles", 1),
    "tidewell-dental": ("Tidewell Dental", 0),
    "copperkettle-coffee": ("Copperkettle Coffee", 2),
    "ninety-days-languages": ("Ninety Days Languages", 3),
    "pennyroyal-books": ("Pennyroyal Books", 4),
    "mossandsill-gardens": ("Moss & Sill Gardens", 5),
    "quarrel-systems": ("Quarrel Systems", 6),
    "harbourline-practice": ("Harbourline Practice", 0),
    "oakapple-cycles": ("Oakapple Cycles", 1),
    "second-hundred": ("Second Hundred", 7),
}
PLACES: Final = (
    *("Port Ellory", "Harrow Quay", "Saint Brannoc", "Upper Tarn", "Wexcombe", "Lower Ferrant"),
    *("Kestrel Bay", "Marlow Sands"),
)
PEOPLE: Final = (
    *("Ines Falk", "Tobias Renn", "Amara Quill", "Joris Vane", "Marit Sol", "Edda Corrin"),
    *("Noah Birch", "Lene Ashdown"),
)
QUARTER: Final = "third quarter of 2026"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where customers come from: of a hundred so many, and what one of them seems to cost."""

    name: str
    share: int
    cost: int  # dollars for each new customer
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One made-up company with its figures; they agree on every page that names them."""

    host: str
    name: str
    trade: Trade
    founded: int
    people: int
    place: str
    head: str
    growth: str  # who speaks about growth
    new: int  # customers in the quarter
    new_before: int
    channels: tuple[Channel, ...]
    ad_cost_before: int
    funnel: tuple[int, int, int, int]  # of a thousand who came to the first step
    plans: tuple[tuple[str, int, str], ...]
    rating: float
    reviews: int
    complained: int  # of its reviewers, about the step where most are lost
    told_on: date
    priced_on: date
    reported_on: date

    @property
    def lost_step(self) -> str:
        """The step that most never reach."""
        return self.trade.steps[self.trade.lost_at]

    @property
    def step_before(self) -> str:
        """The last step that they reach."""
        return self.trade.steps[self.trade.lost_at - 1]

    @property
    def reached(self) -> int:
        """Of a thousand, how many come to the step before."""
        return self.funnel[self.trade.lost_at - 1]

    @property
    def passed(self) -> int:
        """Of a thousand, how many come past it."""
        return self.funnel[self.trade.lost_at]

    @property
    def lost_percent(self) -> int:
        """Of a hundred who came that far, how many leave there."""
        return round(100 * (self.reached - self.passed) / self.reached)

    @property
    def paid_channel(self) -> Channel:
        """The one that is advertising."""
        return self.channels[2]


def host_of(name: str) -> str:
    """The host that a company of that name has. Any name has one."""
    plain = " ".join(name.replace("&", " and ").split())[:NAME_CHARS_MAX]
    folded = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    label = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")
    if not label and plain:
        try:
            spoken = re.sub(r"[\W_]+", "-", plain.lower()).strip("-")
            label = idna.encode(spoken, uts46=True).decode()
        except idna.IDNAError:
            label = f"company-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,61}", label):
        label = f"company-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"
    return label + SUFFIX


def name_of(host: str) -> str:
    """What the company at ``host`` is called."""
    label = host.removesuffix(SUFFIX)
    if label in KNOWN:
        return KNOWN[label][0]
    with suppress(idna.IDNAError):  # then it is called by its letters
        label = idna.decode(label) if label.startswith("xn--") else label
    return " ".join(word.capitalize() for word in label.split("-") if word)


@lru_cache(maxsize=500)
def company_at(host: str) -> Company:
    """The company whose site is at ``host``."""
    label = host.removesuffix(SUFFIX)
    luck = random.Random(hashlib.sha256(host.encode()).digest())  # noqa: S311  # made-up figures
    trade = TRADES[KNOWN[label][1]] if label in KNOWN else _trade_of(label, luck)
    new = luck.randrange(180, 2400)
    head, growth = luck.sample(PEOPLE, 2)
    return Company(
        host=host,
        name=name_of(host),
        trade=trade,
        founded=luck.randrange(2009, 2022),
        people=luck.randrange(7, 64),
        place=luck.choice(PLACES),
        head=head,
        growth=growth,
        new=new,
        new_before=round(new * luck.uniform(0.72, 0.95)),
        channels=_channels(trade, luck),
        ad_cost_before=luck.randrange(19, 34),
        funnel=_funnel(trade.lost_at, luck),
        plans=tuple(
            (name, max(5, price + luck.choice((-5, -1, 0, 0, 1, 5, 10))), what)
            for name, price, what in trade.plans
        ),
        rating=round(luck.uniform(3.6, 4.7), 1),
        reviews=luck.randrange(34, 290),
        complained=luck.randrange(11, 29),
        told_on=date(2026, 10, luck.randrange(5, 28)),
        priced_on=date(2026, 9, luck.randrange(3, 28)),
        reported_on=date(2026, 11, luck.randrange(3, 27)),
    )


def _trade_of(label: str, luck: random.Random) -> Trade:
    words = set(label.split("-"))
    for trade in TRADES:
        if words & set(trade.words):
            return trade
    return luck.choice(TRADES)


def _channels(trade: Trade, luck: random.Random) -> tuple[Channel, ...]:
    search, friends, paid = luck.randrange(36, 49), luck.randrange(18, 27), luck.randrange(11, 21)
    gift = luck.choice((10, 15, 20, 25))
    return (
        Channel(
            name="search",
            share=search,
            cost=luck.randrange(6, 14),
            note=f"articles that answer what people ask, such as “{trade.search}”",
        ),
        Channel(
            name=f"recommendations by {trade.buyers}",
            share=friends,
            cost=2 * gift,
            note=f"{gift} dollars of credit for each of the two",
        ),
        Channel(
            name="advertising",
            share=paid,
            cost=luck.randrange(36, 88),
            note=trade.paid,
        ),
        Channel(
            name="partners",
            share=100 - search - friends - paid,
            cost=luck.randrange(18, 33),
            note=f"{trade.partner}, who get a share of the first year",
        ),
    )


def _funnel(lost_at: int, luck: random.Random) -> tuple[int, int, int, int]:
    """Of a thousand at the first step, how many reach each; most are lost before ``lost_at``."""
    left, reached = 1000, [1000]
    for step in (1, 2, 3):
        keeps = luck.uniform(0.21, 0.34) if step == lost_at else luck.uniform(0.62, 0.84)
        left = round(left * keeps)
        reached.append(left)
    return (reached[0], reached[1], reached[2], reached[3])

"""``SnapshotV1``: the sections that an agent submits, each a strict model.

They are what the offer sells (``PROMISED``). A claim quotes its source, or says that it is a
judgement. The sources' own section is put together from what was quoted.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from fulfillment.snapshots.reckoning import FORMULA_CHARS_MAX
from toolrouter.ports import Arguments, Shown, reference_to

VERSION: Final = "snapshot-1"
QUOTE_CHARS: Final = (20, 400)
SECTION_NAMES: Final = ("overview", "channels", "loss", "moves")
SectionName: TypeAlias = Literal["overview", "channels", "loss", "moves"]

# Which section keeps which promise of the offer; what code adds (pages, sources) has none.
PROMISED: Final = {
    "document": "A two-page brief, as a web page and as a PDF",
    "channels": "Where your customers come from, and what each channel seems to cost you",
    "loss": "The step at which most of the interested ones are lost",
    "moves": "Three moves to make first, each with its effort and what it should bring",
    "sources": "Every source, with the date it was read",
}


class Quote(Arguments):
    """Words of one source, exactly as they stand in its text."""

    source: Annotated[str, reference_to("src")]
    quote: Annotated[str, Shown(chars_max=QUOTE_CHARS[1]), Field(min_length=QUOTE_CHARS[0])]


class Input(Quote):
    """One figure that a reckoning starts from, and the words that it stands in."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,19}$")]
    figure: Annotated[str, Shown(chars_max=40)]


class Reckoning(Arguments):
    """A figure of the claim that stands in no source: its inputs, and how it follows from them."""

    result: Annotated[str, Shown(chars_max=40)]
    formula: Annotated[str, Shown(chars_max=FORMULA_CHARS_MAX)]
    inputs: Annotated[list[Input], Field(min_length=1, max_length=4)]

    @model_validator(mode="after")
    def names_differ(self) -> Reckoning:
        """Refuse two inputs of one name."""
        if len({each.name for each in self.inputs}) < len(self.inputs):
            raise PydanticCustomError("same_name_twice", "two inputs have one name")
        return self


class Claim(Arguments):
    """One thing that is said, and what it rests on: quotes, or our judgement."""

    text: Annotated[str, Shown(chars_max=280)]
    quotes: Annotated[list[Quote], Field(max_length=3)] = []
    reckoned: Annotated[list[Reckoning], Field(max_length=2)] = []
    judgement: bool = False


class Overview(Arguments):
    """Whom it is about, what was asked, and the answer in short."""

    company: Annotated[str, Shown(chars_max=60)]
    website: Annotated[str, Shown(chars_max=80)]
    question: Annotated[str, Shown(chars_max=200)]
    headline: Annotated[str, Shown(chars_max=110)]
    in_short: Annotated[list[Claim], Field(min_length=1, max_length=3)]


class Channel(Arguments):
    """One way in which customers come, and what it seems to cost.

    ``share_percent`` is drawn; ``share`` says it in words and names that figure.
    """

    name: Annotated[str, Shown(chars_max=30)]
    share_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    share: Claim
    cost: Claim


class Channels(Arguments):
    """Where customers come from, the largest first."""

    channels: Annotated[list[Channel], Field(min_length=2, max_length=5)]

    @model_validator(mode="after")
    def are_parts_of_one_whole(self) -> Channels:
        """Refuse shares that are more than all, and a name that is there twice."""
        if sum(each.share_percent or 0 for each in self.channels) > 100:  # percent
            raise PydanticCustomError("shares_above_100", "the shares add up to more than 100")
        if len({each.name for each in self.channels}) < len(self.channels):
            raise PydanticCustomError("same_name_twice", "two channels have one name")
        return self


class Loss(Arguments):
    """The way to the purchase, step by step, and the step at which most are lost."""

    steps: Annotated[list[Annotated[str, Shown(chars_max=24)]], Field(min_length=3, max_length=5)]
    lost_at: Annotated[str, Shown(chars_max=24)]
    claims: Annotated[list[Claim], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def is_lost_at_a_step(self) -> Loss:
        """Refuse a step that is not among them."""
        if self.lost_at not in self.steps or len(set(self.steps)) < len(self.steps):
            raise PydanticCustomError("no_such_step", "lost_at names none of the steps, or two")
        return self


class Move(Arguments):
    """Something to do first: its effort, and what it should bring."""

    title: Annotated[str, Shown(chars_max=70)]
    why: Claim
    effort: Literal["hours", "days", "weeks"]
    effort_words: Annotated[str, Shown(chars_max=90)]
    effect: Claim


class Moves(Arguments):
    """The three moves, the first one first."""

    moves: Annotated[list[Move], Field(min_length=3, max_length=3)]


Section: TypeAlias = Overview | Channels | Loss | Moves
SECTIONS: Final[dict[str, type[Section]]] = {
    "overview": Overview,
    "channels": Channels,
    "loss": Loss,
    "moves": Moves,
}


class SnapshotV1(Arguments):
    """The whole of it."""

    overview: Overview
    channels: Channels
    loss: Loss
    moves: Moves

"""How a fact of Stripe's came to us, in the words that a page says it with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from revenue.enums import Source

SOURCE_TEXT: Final[Mapping[Source, str]] = {
    Source.DELIVERY: "told by an event from Stripe",
    Source.SWEEP: "found by asking Stripe again",
    Source.REPLAY: "recorded when a person replayed an event",
    Source.RECONCILE: "found by comparing our books with Stripe’s",
    Source.LANDING: "found when the buyer came back",
    Source.ANSWER: "said by Stripe when we called",
    Source.DECISION: "recorded when a person decided",
}


def source_words(source: Source) -> str:
    """Say which way a fact came, as the end of a sentence."""
    return SOURCE_TEXT[source]


def sentence(source: Source) -> str:
    """Say which way a fact came, as a sentence of its own."""
    words = source_words(source)
    return f"{words[:1].upper()}{words[1:]}."

"""The words that every snapshot has in common: its page and its PDF print the same."""

from __future__ import annotations

from typing import Final

from fulfillment.snapshots.document import TITLE, Maker


class Words:
    """Headings and labels."""

    TITLE: Final = TITLE
    CHANNELS: Final = "Where your customers come from"
    CHANNEL: Final = "Channel"
    SHARE: Final = "Share of new customers"
    COST: Final = "What it seems to cost"
    UNKNOWN: Final = "Not known"
    MOVES: Final = "Three moves to make first"
    EFFORT: Final = "Effort"
    EFFECT: Final = "What it should bring"
    SOURCES: Final = "Sources"
    RECKONED: Final = "Reckoned from the sources"
    MADE: Final = {
        Maker.AGENT: "Researched by our agent, checked by a person",
        Maker.SCRIPT: "Written by a script about a made-up company",
        Maker.SAMPLE: "A sample: the company and its sources are made up",
    }

"""The text of a snapshot, as its page and its PDF print it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from fulfillment.snapshots.document import Issue, Maker, lay_out
from fulfillment.snapshots.sample import PAGES, SNAPSHOT

ISSUE = Issue(reference="dlv_x", seller="Us", made_on=date(2026, 10, 20), maker=Maker.SAMPLE)
DOCUMENT = lay_out(SNAPSHOT, PAGES, issue=ISSUE)


def test_sources_are_numbered_as_they_are_quoted_and_dated() -> None:
    assert [(note.mark, note.address, note.dates) for note in DOCUMENT.sources] == [
        ("1", "northlight.example/about", "read 19 October 2026"),
        (
            "2",
            "clickguide.example/2026/accounting",
            "published 14 September 2026, read 19 October 2026",
        ),
        (
            "3",
            "tablekeepers.example/survey-2026",
            "published 2 June 2026, read 19 October 2026",
        ),
        ("4", "townmap.example/northlight-bookkeeping", "read 19 October 2026"),
        ("5", "northlight.example/book", "read 19 October 2026"),
    ]


def test_a_reckoned_figure_says_how_it_came_about() -> None:
    assert [(note.mark, note.text) for note in DOCUMENT.reckoned] == [("a", "$6.40 × 40 = $256")]
    assert DOCUMENT.in_short[1].tail == "2 a"


def test_a_judgement_says_so() -> None:
    assert DOCUMENT.channels[0].cost.tail == "our judgement"


def test_what_a_script_wrote_says_so() -> None:
    scripted = lay_out(SNAPSHOT, PAGES, issue=replace(ISSUE, maker=Maker.SCRIPT))
    assert scripted.notice == "Written by a script about a made-up company"


def test_what_the_shares_leave_open_is_known() -> None:
    assert DOCUMENT.unknown_percent == 8

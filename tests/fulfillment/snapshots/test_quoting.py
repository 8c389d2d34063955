"""Every claim rests on what its source says, or says that it is a judgement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from fulfillment.snapshots import sample
from fulfillment.snapshots.quoting import Fault, Problem, claims_of, problems_of, quotes_of
from fulfillment.snapshots.sample import ABOUT, CLICKS, PAGES, SNAPSHOT, SURVEY
from fulfillment.snapshots.schema import SECTION_NAMES, SECTIONS, Overview

SHARES = "Of last year’s new clients 62 % named a referral"
CLICK = "click on “restaurant bookkeeping” cost $6.40"
CALL = "one click in every 40 became a call"


def _problems(**claim: Any) -> list[tuple[str, str]]:
    """Return the codes and figures that stand against one claim."""
    said = {**SNAPSHOT.overview.model_dump(), "in_short": [{"text": "It is so.", **claim}]}
    overview = Overview.model_validate(said)
    return [(each.code, each.figure) for each in problems_of(overview, PAGES)]


def _quote(words: str, source: str = ABOUT.reference) -> dict[str, str]:
    return {"source": source, "quote": words}


def _reckoned(**other: Any) -> list[dict[str, Any]]:
    inputs = [
        {**_quote(CLICK, CLICKS.reference), "name": "click", "figure": "$6.40"},
        {**_quote(CALL, CLICKS.reference), "name": "clicks", "figure": "40"},
    ]
    return [{"result": "$256", "formula": "click * clicks", "inputs": inputs, **other}]


def test_the_sample_keeps_the_rules_that_all_are_held_to() -> None:
    assert [problems_of(getattr(SNAPSHOT, name), PAGES) for name in SECTION_NAMES] == [[]] * 4


def test_sources_that_are_swapped_between_claims_are_found_at_each_claim() -> None:
    """Each source that is quoted is read as another one: every quoting claim is named."""
    turned = dict(zip(PAGES, [*list(PAGES.values())[1:], ABOUT], strict=True))
    for name in SECTION_NAMES:
        section = getattr(SNAPSHOT, name)
        quoting = {where for where, claim in claims_of(section) if quotes_of(claim)}
        wrong = problems_of(section, turned)
        named = {each.where.split(".quotes")[0].split(".reckoned")[0] for each in wrong}
        assert quoting == named
        assert Fault.NOT_IN_SOURCE in {each.code for each in wrong}


def test_a_claim_without_a_quote_is_a_judgement_or_refused() -> None:
    assert _problems() == [(Fault.NO_SUPPORT, "")]
    assert _problems(judgement=True) == []


def test_a_judgement_may_not_quote_what_is_not_there() -> None:
    invented = [_quote("Of last year’s new clients 63 % named a referral")]
    assert _problems(judgement=True, quotes=invented) == [(Fault.NOT_IN_SOURCE, "")]


@pytest.mark.parametrize(
    "words",
    [
        "Of last year's new clients 62 % named a referral",  # another apostrophe
        "of last year’s new clients 62 % named a referral",
        "Of last year’s new clients 62% named a referral",
        "Of last year’s clients 62 % named a referral",
    ],
)
def test_a_quote_is_exact(words: str) -> None:
    assert _problems(quotes=[_quote(words)]) == [(Fault.NOT_IN_SOURCE, "")]


def test_white_space_and_composed_letters_make_no_other_quote() -> None:
    page = replace(ABOUT, text="Of last year’s new\n\n clients\u00a062 % named a cafe\u0301")
    said = {
        "text": "62 % named it",
        "quotes": [_quote("last year’s new clients 62 % named a café")],
    }
    overview = Overview.model_validate({**SNAPSHOT.overview.model_dump(), "in_short": [said]})
    assert problems_of(overview, {page.reference: page}) == []


def test_a_source_of_another_run_is_no_source() -> None:
    assert _problems(quotes=[_quote(SHARES, "src_" + "9" * 26)]) == [(Fault.UNKNOWN_SOURCE, "")]


@pytest.mark.parametrize(
    "cut",
    ["2 % named a referral, 21 % found us", "named a referral, 21 % found us through search, 9"],
)
def test_a_quote_cuts_no_figure(cut: str) -> None:
    """“2 %” of “62 %”, or a number without its unit, would be a figure of its own making."""
    assert _problems(quotes=[_quote(cut)])[0] == (Fault.CUTS_A_FIGURE, "")


def test_each_figure_of_a_claim_stands_in_its_quotes() -> None:
    assert _problems(text="62 % came so.", quotes=[_quote(SHARES)]) == []
    assert _problems(text="Of 140 firms 62 came so.", quotes=[_quote(SHARES)]) == [
        (Fault.FIGURE_NOT_QUOTED, "140"),
        (Fault.FIGURE_NOT_QUOTED, "62"),  # percent are not people
    ]


def test_a_figure_may_be_reckoned_from_quoted_ones() -> None:
    said = "At $6.40 a click, and a call from one in 40, each costs $256."
    assert _problems(text=said, reckoned=_reckoned()) == []


@pytest.mark.parametrize(
    ("other", "fault", "figure"),
    [
        ({"formula": "click + clicks"}, Fault.WRONG_RESULT, "$256"),
        ({"formula": "click * 40"}, Fault.BAD_FORMULA, ""),
        ({"result": "$265"}, Fault.RESULT_NOT_SAID, "$265"),
        ({"result": "€256"}, Fault.RESULT_NOT_SAID, "€256"),
    ],
)
def test_a_reckoning_is_worked_out_again(other: dict[str, str], fault: str, figure: str) -> None:
    assert (fault, figure) in _problems(text="It costs $256.", reckoned=_reckoned(**other))


def test_an_input_stands_in_the_words_that_it_quotes() -> None:
    (reckoned,) = _reckoned()
    reckoned["inputs"][1]["figure"] = "50"
    assert _problems(text="It costs $256.", reckoned=[reckoned]) == [(Fault.INPUT_NOT_QUOTED, "50")]


def test_money_is_reckoned_from_money_of_its_own_currency() -> None:
    said = {"text": "It costs €256.", "reckoned": _reckoned(result="€256")}
    assert _problems(**said) == [(Fault.OTHER_CURRENCY, "€256")]


def test_a_share_that_is_drawn_is_said_in_words() -> None:
    said = SNAPSHOT.channels.model_dump()
    said["channels"][0]["share_percent"] = 61
    found = problems_of(SECTIONS["channels"].model_validate(said), PAGES)
    assert found == [Problem(where="channels[0].share", code=Fault.SHARE_NOT_SAID, figure="61%")]


def test_shares_are_parts_of_one_whole() -> None:
    said = SNAPSHOT.channels.model_dump()
    said["channels"][0]["share_percent"] = 90
    with pytest.raises(ValidationError, match="shares_above_100"):
        SECTIONS["channels"].model_validate(said)


def test_words_that_cannot_be_shown_are_no_claim() -> None:
    with pytest.raises(ValidationError, match="shown_text"):
        _problems(text="seen\u202enees")


def test_a_page_of_many_figures_is_looked_through_quickly() -> None:
    """The same words a thousand times, each cut: the look ends after a few of them."""
    page = replace(SURVEY, text="1,200 owners are here today. " * 13_000)
    said = {
        "text": "It is so.",
        "quotes": [_quote("200 owners are here today. 1", SURVEY.reference)],
    }
    overview = Overview.model_validate({**SNAPSHOT.overview.model_dump(), "in_short": [said]})
    found = problems_of(overview, {page.reference: page})
    assert [each.code for each in found] == [Fault.CUTS_A_FIGURE]


def test_the_sample_is_about_nobody() -> None:
    assert all(".example" in page.url for page in sample.PAGES.values())

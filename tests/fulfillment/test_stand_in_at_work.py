"""The sandbox's stand-in does good work: what it writes passes the snapshot's own checks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from fulfillment.snapshots.quoting import problems_of
from fulfillment.snapshots.schema import SECTIONS
from fulfillment.snapshots.sources import ReadPage
from kernel.references import new_reference
from sandbox.model.conversation import conversation
from sandbox.model.replies import completion
from sandbox.model.work import next_reply
from tests.sandbox.model.talking import RUN, Json, Turn, answered, tool

WORDS = {"type": "string"}
SITE = "http://brightloom.example"
WEB = {
    f"{SITE}/news/where": (
        "In the third quarter of 2026, 1,612 workshops began with us. 38 % of new workshops came"
        " through search: articles that answer what people ask. By our own count each of them cost"
        " us about 10 dollars. 22 % of new workshops came through recommendations by workshops: 15"
        " dollars of credit for each of the two. By our own count each of them cost us about 30"
        " dollars. 11 % of new workshops came through advertising: advertisements beside search"
        " results. By our own count each of them cost us about 72 dollars. A customer from"
        " advertising cost about 72 dollars in the third quarter of 2026, up from 26 dollars a year"
        " earlier. Only one in eight workshops has ever recommended us, because we ask them once."
    ),
    f"{SITE}/news/winter": (
        "Of 1,000 who opened the product tour, 804\nmade an account, 254 imported a parts list and"
        " 190 paid. Of the 804 who made an account, only 254 imported a parts list: we lose 68 % of"
        " them there. The reason is no secret: a parts list is accepted in one format only."
    ),
    "http://fairword.example/brightloom": (
        "23 of the 172 reviewers complain about the beginning: most lists are spreadsheets."
    ),
}
FULFILMENT = {
    "kind": "fulfilment",
    "purpose": "work",
    "brief": {
        "company": "Brightloom",
        "website": SITE,
        "question": "Where do our customers come from?",
    },
}
OFFERED = [
    tool("read_task", run=WORDS),
    tool("research_search", run=WORDS, query=WORDS),
    tool("research_fetch", run=WORDS, url=WORDS),
    tool("get_action", run=WORDS, action=WORDS),
    tool("submit_section", run=WORDS, section=WORDS, content={"type": "object"}),
    tool("submit_deliverable", run=WORDS),
]


def ask(request: Json) -> Json:
    """Ask the script itself, without the wire between."""
    return completion(next_reply(conversation(request)), {})["choices"][0]["message"]


class House:
    """The tools that fulfilment gives, with the snapshot's own checks behind them."""

    def __init__(self, task: Json, web: dict[str, str] = WEB) -> None:
        self.task, self.web = task, web
        self.pages: dict[str, ReadPage] = {}
        self.sections: dict[str, Json] = {}
        self.is_slow = False
        self.handed_in = 0
        self._later: Json = {}

    def turn(self, offered: list[Json] = OFFERED, **more: Any) -> Turn:
        tools = {
            "read_task": lambda _: answered(**self.task),
            "research_search": lambda _: answered(results=[{"url": url} for url in self.web]),
            "research_fetch": self.fetch,
            "get_action": lambda _: self._later,
            "submit_section": self.submit,
            "submit_deliverable": self.hand_in,
            **more,
        }
        return Turn(ask=ask, offered=offered, tools=tools)

    def fetch(self, asked: Json) -> Json:
        reference = new_reference("src")
        page = ReadPage(
            reference=reference,
            url=asked["url"],
            title="A page",
            text=self.web[asked["url"]],
            read_at=datetime.now(UTC),
        )
        self.pages[reference] = page
        told = answered(source=reference, url=page.url, text=page.text)
        if not self.is_slow:
            return told
        self._later = told
        return {**answered("in_progress"), "retry_after_s": 1}

    def submit(self, asked: Json) -> Json:
        try:
            section = SECTIONS[asked["section"]].model_validate(asked["content"])
        except (ValidationError, KeyError):
            return answered("denied", codes=["malformed"])
        problems = [each.as_data() for each in problems_of(section, self.pages)]
        if problems:
            return answered(accepted="no", problems=problems)
        self.sections[asked["section"]] = asked["content"]
        return answered(accepted="yes")

    def hand_in(self, _: Json) -> Json:
        self.handed_in += 1
        return answered(deliverable="dlv_1")


def test_it_reads_researches_writes_every_section_and_hands_in_once() -> None:
    house = House(FULFILMENT)
    turn = house.turn()

    said = turn.play()

    assert turn.calls[0] == ("read_task", {"run": RUN})
    assert all(arguments["run"] == RUN for _, arguments in turn.calls)
    assert {each["url"] for each in turn.named("research_fetch")} == set(list(WEB)[:2])
    assert list(house.sections) == ["overview", "channels", "loss", "moves"]
    assert len(turn.named("submit_section")) == 4
    assert house.handed_in == 1
    assert said == "[Sandbox: a script, no model] The snapshot is handed in. A person reviews and" \
        " releases it."  # fmt: skip


def test_what_it_writes_is_about_the_company_and_quotes_its_pages() -> None:
    house = House(FULFILMENT)
    house.turn().play()

    overview, channels = house.sections["overview"], house.sections["channels"]
    assert overview["company"] == "Brightloom"
    assert overview["question"] == "Where do our customers come from?"
    assert [each["name"] for each in channels["channels"]] == [
        "Search",
        "Recommendations by workshops",
        "Advertising",
    ]
    assert "7.2 times" in json.dumps(overview)
    assert house.sections["loss"]["lost_at"] == "Imported a parts list"
    claims = json.dumps(house.sections)
    assert claims.count('"judgement": true') < claims.count('"judgement": false')


def test_where_no_page_says_anything_it_says_that_it_judges() -> None:
    house = House(FULFILMENT, web={"http://empty.example/": "Welcome."})

    house.turn().play()

    assert list(house.sections) == ["overview", "channels", "loss", "moves"]
    assert '"judgement": false' not in json.dumps(house.sections)


def test_it_looks_again_at_a_page_that_takes_time() -> None:
    house = House(FULFILMENT)
    house.is_slow = True
    turn = house.turn()

    turn.play()

    assert len(turn.named("get_action")) == len(turn.named("research_fetch"))
    assert house.handed_in == 1


def test_a_section_that_was_sent_back_is_mended_where_it_was_faulted() -> None:
    house = House(FULFILMENT)
    refused: list[Json] = []

    def submit(asked: Json) -> Json:
        if asked["section"] == "loss" and not refused:
            refused.append(asked["content"])
            where = {"where": "claims[0].quotes[0]", "code": "not_in_source"}
            return answered(accepted="no", problems=[where])
        return house.submit(asked)

    house.turn(submit_section=submit).play()

    assert refused[0]["claims"][0]["judgement"] is False
    assert house.sections["loss"]["claims"][0] == {
        "text": refused[0]["claims"][0]["text"],
        "quotes": [],
        "reckoned": [],
        "judgement": True,
    }
    assert house.sections["loss"]["claims"][1:] == refused[0]["claims"][1:]


def test_a_section_that_is_never_taken_is_given_up_and_said_so() -> None:
    turn = House(FULFILMENT).turn(submit_section=lambda _: answered(accepted="no"))

    assert "refused 3 times" in turn.play()
    assert turn.named("submit_deliverable") == []


def test_what_has_no_tool_of_its_own_is_handed_in_by_proposals() -> None:
    house = House(FULFILMENT)
    listed = ["fulfillment.submit_section", "fulfillment.submit_deliverable"]
    proposing = [
        *OFFERED[:4],
        tool("list_capabilities", run=WORDS),
        tool("propose_action", run=WORDS, operation=WORDS, arguments={"type": "object"}, key=WORDS),
    ]

    def propose(asked: Json) -> Json:
        by_name = {"submit_section": house.submit, "submit_deliverable": house.hand_in}
        return by_name[asked["operation"].removeprefix("fulfillment.")](asked["arguments"])

    turn = house.turn(
        proposing,
        list_capabilities=lambda _: {"operations": [{"operation": each} for each in listed]},
        propose_action=propose,
    )
    turn.play()

    assert list(house.sections) == ["overview", "channels", "loss", "moves"]
    assert house.handed_in == 1
    keys = [each["key"] for each in turn.named("propose_action")]
    assert keys == ["overview-1", "channels-1", "loss-1", "moves-1", "all-1"]


def test_a_plan_is_handed_in_once_and_nothing_else_is_done() -> None:
    steps = {"type": "array", "items": WORDS, "minItems": 1}
    plan = tool("submit_plan", run=WORDS, summary=WORDS, steps=steps)
    turn = House({**FULFILMENT, "purpose": "plan"}).turn(
        [*OFFERED, plan], submit_plan=lambda _: answered("needs_approval")
    )

    said = turn.play()

    assert [name for name, _ in turn.calls] == ["read_task", "submit_plan"]
    assert "Brightloom" in turn.calls[1][1]["summary"]
    assert len(turn.calls[1][1]["steps"]) == 4
    assert "A person approves it" in said


def test_for_a_lead_it_proposes_what_it_may_each_once() -> None:
    deal = new_reference("deal")
    lead = {"stage": "lead", "written_by_the_visitor": {"company_name": "Lumen", "wish": "More."}}
    operations = ["crm.add_note", "crm.recommend_next_step", "revenue.prepare_payment_link"]
    offered = [
        tool("read_task", run=WORDS),
        tool("read_lead", run=WORDS, deal=WORDS),
        tool("list_capabilities", run=WORDS),
        tool("propose_action", run=WORDS, operation=WORDS, arguments={"type": "object"}, key=WORDS),
    ]
    turn = House({"kind": "sales", "purpose": "work", "deal": deal}).turn(
        offered,
        read_lead=lambda _: answered(**lead),
        list_capabilities=lambda _: {"operations": [{"operation": each} for each in operations]},
        propose_action=lambda _: answered("needs_approval"),
    )

    turn.play()

    proposed = turn.named("propose_action")
    assert [each["operation"] for each in proposed] == operations
    assert {each["arguments"]["deal"] for each in proposed} == {deal}
    assert "Lumen" in proposed[0]["arguments"]["text"]


@pytest.mark.parametrize("answer", [answered("denied", codes=["wrong_run"]), {}])
def test_without_a_task_it_does_nothing(answer) -> None:
    turn = House(FULFILMENT).turn(read_task=lambda _: answer)

    assert "did nothing" in turn.play()
    assert len(turn.calls) == 1

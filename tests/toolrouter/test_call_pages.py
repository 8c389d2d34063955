"""The pages of tool calls: the list, one call, and why it was denied."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from console.enums import ErasureReason
from console.queries.trace import build_trace, trace_of
from console.usecases.erase_subject import erase_subject
from kernel.references import new_reference
from tests.factories.people import client_of, make_person
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.toolrouter.books import differences
from toolrouter.models import ToolCall
from toolrouter.vocabulary import Code
from toolrouter.words import WORDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Agent:
    return an_agent()


@pytest.fixture
def operator() -> Client:
    return client_of(make_person("operator"))


@pytest.fixture
def auditor() -> Client:
    return client_of(make_person("auditor"))


def read(client: Client, name: str, *args: object, query: str = "") -> str:
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_the_first_call_the_list_says_what_will_appear(operator: Client) -> None:
    assert "What an agent asks for appears here" in read(operator, "tool-call-list")


def test_the_list_shows_what_was_done_and_what_was_denied_and_why(
    agent: Agent, operator: Client
) -> None:
    agent.note("x")
    agent.propose("revenue.refund", {}, key="k2")

    page = read(operator, "tool-call-list")

    assert "Write a note" in page
    assert "Refund a payment" in page
    assert ">Forbidden operation<" in page


@pytest.mark.parametrize(
    ("query", "notes", "refunds"),
    [
        ("?state=done", 1, 0),
        ("?state=denied", 0, 1),
        ("?code=forbidden_operation", 0, 1),
        ("?code=hold", 0, 0),
        ("?mode=live", 0, 0),
        ("?mode=sandbox", 1, 1),
        ("?run={run}", 1, 1),
        ("?run=run_nobody", 0, 0),
        ("?state=nonsense", 1, 1),
    ],
)
def test_the_list_is_narrowed(
    agent: Agent, operator: Client, query: str, notes: int, refunds: int
) -> None:
    agent.note("x")
    agent.propose("revenue.refund", {}, key="k2")

    page = read(operator, "tool-call-list", query=query.format(run=agent.run_ref))

    assert (page.count(">Write a note<"), page.count(">Refund a payment<")) == (notes, refunds)


def test_a_call_shows_what_was_asked_fenced_and_plain(agent: Agent, operator: Client) -> None:
    answer = agent.note("<script>alert(1)</script> https://evil.example \u202eevil")

    page = read(operator, "tool-call", answer.action)

    assert "&lt;script&gt;alert(1)&lt;/script&gt; https://evil.example \\u202eevil" in page
    assert '<a href="https://evil.example' not in page
    assert agent.run_ref in page
    assert "Why was this denied?" in page


def test_what_was_asked_is_hidden_from_auditors(agent: Agent, auditor: Client) -> None:
    answer = agent.note("words of an agent")

    page = read(auditor, "tool-call", answer.action)

    assert "words of an agent" not in page
    assert "Your role cannot see this." in page


def test_why_it_was_denied_says_code_sentence_change_and_who(agent: Agent, auditor: Client) -> None:
    answer = agent.propose("crm.read_lead", {"deal": new_reference("deal")})

    page = read(auditor, "why-denied", answer.action)

    for said in ("not_found", *vars_of(Code.NOT_FOUND)):
        assert said in page


def vars_of(code: Code) -> tuple[str, str, str]:
    words = WORDS[code]
    return tuple(  # as a page escapes them
        text.replace("'", "&#x27;") for text in (words.why, words.change, words.who)
    )


def test_a_call_that_was_done_has_no_page_of_why(agent: Agent, operator: Client) -> None:
    answer = agent.note("x")

    assert operator.get(reverse("why-denied", args=[answer.action])).status_code == 404
    assert operator.get(reverse("tool-call", args=[new_reference("call")])).status_code == 404


def test_a_call_of_no_run_says_so(agent: Agent, operator: Client) -> None:
    answer = agent.read("read_lead", {"deal": agent.deal.reference}, run="NONE")

    page = read(operator, "tool-call", answer.action)

    assert "the token is for another run" in page


def test_search_leads_to_a_call(agent: Agent, auditor: Client) -> None:
    answer = agent.note("x")

    found = auditor.get(reverse("search"), {"q": answer.action})

    assert (found.status_code, found["Location"]) == (
        302, reverse("tool-call", args=[answer.action]),
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_an_erasure_blanks_what_was_asked_about_the_person_and_nothing_else() -> None:
    erased, other = an_agent(), an_agent()
    erased.note("Ada wants ships.")
    erased.propose("nobody.has_this", {"who": "Ada"}, key="k2")
    other.note("Grace wants code.")

    erase_subject(
        email=erased.deal.contact.email,
        reason=ErasureReason.ASKED,
        actor_id=make_person("owner").pk,
        now=database_now(),
    )

    kept = ToolCall.objects.values_list("asked", "asked_salt")
    assert set(kept.filter(run_ref=erased.run_ref)) == {("", "")}
    asked, salt = kept.get(run_ref=other.run_ref)
    assert "Grace" in asked
    assert salt
    assert differences() == []


def test_every_reason_has_its_words() -> None:
    assert set(WORDS) == set(Code)


def test_the_trace_shows_what_the_agent_asked_for_as_its_work(
    agent: Agent, auditor: Client
) -> None:
    done = agent.note("words of an agent")
    denied = agent.propose("revenue.refund", {}, key="k2")

    trace = build_trace(agent.deal.trace_ref)

    assert trace is not None
    work = trace.stages[5]
    assert (work.number, work.title) == (6, "Work")
    assert [(each.what, each.reference, each.says) for each in work.records] == [
        ("Write a note", done.action, ""),
        ("Refund a payment", denied.action, "forbidden_operation"),
    ]
    page = read(auditor, "trace", agent.deal.trace_ref)
    assert str(done.action) in page
    assert "words of an agent" not in page
    assert trace_of(str(done.action)) == agent.deal.trace_ref

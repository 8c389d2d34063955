"""An agent looks things up: handed to a worker, done once, told when it is there."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from fulfillment.enums import LookupKind, LookupState
from fulfillment.models import AcquisitionRun, Lookup, Source
from fulfillment.policy import FOUND_KEPT, LOOKUP_LASTS, LOOKUPS_MAX, SOURCE_BYTES_KEPT
from fulfillment.ports_web import Fault, NotFound, Page
from fulfillment.usecases.empty_sources import empty_old_sources
from kernel.liveness import database_now
from tests.factories.fulfillment import a_page, planned_run
from tests.fulfillment.web.researching import (
    URL,
    Web,
    agent_of,
    assert_books_agree,
    end_leases,
    hit,
    replace_research,
)
from tests.toolrouter.agents import Agent
from toolrouter.mcp.calls import Calls
from toolrouter.mcp.threads import Threads
from toolrouter.models import ToolCall
from toolrouter.vocabulary import Code, Status

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("search_is_set_up"),
]


def test_a_page_is_handed_over_read_by_a_worker_and_told_with_its_source(
    run: AcquisitionRun, agent: Agent
) -> None:
    web = Web(a_page())

    asked = agent.read("research_fetch", {"url": URL})

    assert (asked.status, asked.retry_after_s) == (Status.IN_PROGRESS, 2)
    assert agent.get_action(asked.action) == asked
    assert web.work() == 1
    told = agent.get_action(asked.action)
    source = Source.objects.get()
    assert told.status == Status.DONE
    assert told.retry_after_s is None
    assert told.result == {
        "source": source.reference,
        "state": "released",
        "url": URL,
        "read_at": source.read_at.isoformat(timespec="seconds"),
        "title": "Pricing",
        "published_on": "2026-10-05",
        "text": a_page().text,
        "is_whole": True,
    }
    assert (source.run, source.mode) == (run, run.mode)
    assert web.asked == [URL]


def test_what_a_search_finds_is_told_and_no_source(agent: Agent) -> None:
    web = Web([hit(), hit(url="https://b.example/", title="B", snippet="")])

    asked = agent.read("research_search", {"query": "Brightloom pricing"})
    web.work()

    told = agent.get_action(asked.action)
    assert told.status == Status.DONE
    assert told.result == {
        "count": 2,
        "results": [
            {"url": URL, "title": "Pricing", "snippet": "From 49 dollars."},
            {"url": "https://b.example/", "title": "B", "snippet": ""},
        ],
    }
    assert not Source.objects.exists()
    assert len(Lookup.objects.get().found_digest) == 64


def test_the_same_asked_again_is_the_same_lookup_whatever_its_key(agent: Agent) -> None:
    web = Web(a_page())

    first = agent.read("research_fetch", {"url": URL})
    second = agent.propose("research.fetch", {"url": URL}, key="a")
    third = agent.propose("research.fetch", {"url": URL}, key="b")
    web.work()
    again = agent.propose("research.fetch", {"url": URL}, key="a")

    assert len({first.action, second.action, third.action}) == 3
    assert again.action == second.action
    assert again.result == agent.get_action(first.action).result
    assert again.status == Status.DONE
    assert ToolCall.objects.get(reference=second.action).runs == 1
    assert (Lookup.objects.count(), len(web.asked)) == (1, 1)


def test_what_failed_may_be_asked_for_again(agent: Agent) -> None:
    web = Web(NotFound(Fault.ROBOTS), a_page())

    first = agent.read("research_fetch", {"url": URL})
    web.work()
    second = agent.read("research_fetch", {"url": URL})
    web.work()

    failed = agent.get_action(first.action)
    assert (failed.status, failed.result["why"]) == (Status.FAILED, "robots")
    assert agent.get_action(second.action).status == Status.DONE


def test_what_passes_is_tried_again_three_times_and_no_more(agent: Agent) -> None:
    web = Web(*[NotFound(Fault.TIMEOUT) for _ in range(3)])

    asked = agent.read("research_fetch", {"url": URL})
    assert [web.work(later=timedelta(seconds=each)) for each in (0, 0, 5, 15, 30)] == [
        1,
        0,
        1,
        1,
        0,
    ]

    told = agent.get_action(asked.action)
    assert (told.status, told.result["why"]) == (Status.FAILED, "timeout")


def test_what_a_worker_died_with_is_looked_up_by_the_next(agent: Agent) -> None:
    def die() -> None:
        raise SystemExit

    web = Web(die, a_page())
    asked = agent.read("research_fetch", {"url": URL})

    with pytest.raises(SystemExit):
        web.work()
    assert web.work(later=timedelta(seconds=30)) == 0  # somebody may still be at it
    end_leases()
    assert web.work() == 1

    assert agent.get_action(asked.action).status == Status.DONE
    assert Source.objects.count() == 1


def test_what_took_too_long_is_not_begun_any_more(agent: Agent) -> None:
    web = Web()
    asked = agent.read("research_fetch", {"url": URL})

    web.work(later=LOOKUP_LASTS)

    assert agent.get_action(asked.action).result["why"] == "deadline"
    assert web.asked == []


def test_a_worker_that_comes_late_writes_nothing(agent: Agent) -> None:
    def slow() -> Page:
        end_leases()
        Web(a_page()).work()
        return a_page(text="Another text, which came too late.")

    web = Web(slow)
    agent.read("research_fetch", {"url": URL})
    web.work()

    assert Source.objects.get().text == a_page().text


def test_one_that_breaks_holds_up_no_other(agent: Agent) -> None:
    web = Web(RuntimeError("a bug of ours"), a_page())
    agent.read("research_fetch", {"url": URL})
    other = agent.read("research_fetch", {"url": f"{URL}/2"})

    with pytest.raises(RuntimeError, match="a bug of ours"):
        web.work()

    assert agent.get_action(other.action).status == Status.DONE


@pytest.mark.parametrize(
    "arguments",
    [
        *({}, {"url": 7}, {"url": ""}, {"url": "file:///etc/passwd"}, {"url": "https://a b"}),
        *({"url": "http://" + "a" * 2000}, {"url": URL, "method": "POST"}, {"url": "//a.com"}),
    ],
)
def test_what_is_no_address_is_malformed(arguments: dict[str, Any], agent: Agent) -> None:
    assert agent.read("research_fetch", arguments).codes == (Code.MALFORMED,)
    assert not Lookup.objects.exists()


def test_without_a_search_engine_a_search_is_not_configured(
    agent: Agent, settings: Settings
) -> None:
    settings.RESEARCH = replace_research(settings, search_url="")

    denied = agent.read("research_search", {"query": "a"})

    assert (denied.status, denied.codes) == (Status.DENIED, (Code.NOT_CONFIGURED,))
    assert_books_agree()


def test_a_run_has_so_many_lookups_and_no_more(
    run: AcquisitionRun, agent: Agent, settings: Settings
) -> None:
    settings.RUN_CALLS_PER_MINUTE_MAX = 1000
    Lookup.objects.bulk_create(
        _ended(run, number) for number in range(LOOKUPS_MAX[LookupKind.SEARCH])
    )

    denied = agent.read("research_search", {"query": "one more"})

    assert (denied.status, denied.codes) == (Status.DENIED, (Code.TOO_MANY,))
    assert agent.read("research_fetch", {"url": URL}).status == Status.IN_PROGRESS
    assert_books_agree()


def _ended(run: AcquisitionRun, number: int) -> Lookup:
    now = database_now()
    lookup = Lookup(
        reference=f"lku_{number:026d}",
        run=run,
        mode=run.mode,
        call_ref="call_1",
        kind=LookupKind.SEARCH,
        asked=f"{number}",
        error=Fault.TIMEOUT,
        asked_at=now,
        deadline_at=now,
        ended_at=now,
    )
    lookup.begin(LookupState.FAILED)
    return lookup


def test_the_bytes_that_a_run_reads_have_an_end(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fulfillment.operations.lookups.SOURCE_BYTES_MAX", len(a_page().body))
    agent.read("research_fetch", {"url": URL})
    Web(a_page()).work()

    assert agent.read("research_fetch", {"url": f"{URL}/2"}).codes == (Code.TOO_MANY,)


def test_what_another_run_looked_up_does_not_exist(agent: Agent) -> None:
    asked = agent.read("research_fetch", {"url": URL})
    Web(a_page()).work()
    other = agent_of(planned_run(now=database_now()))

    assert other.get_action(asked.action).codes == (Code.NOT_FOUND,)
    assert other.read("research_fetch", {"url": URL}).status == Status.IN_PROGRESS


def test_the_bytes_go_after_ninety_days_and_the_text_stays(agent: Agent) -> None:
    agent.read("research_fetch", {"url": URL})
    agent.read("research_search", {"query": "a"})
    Web(a_page(), [hit()]).work()
    now = database_now()

    assert empty_old_sources(now=now + SOURCE_BYTES_KEPT - timedelta(minutes=5)) == 0
    assert Source.objects.get().body is not None
    assert empty_old_sources(now=now + SOURCE_BYTES_KEPT + timedelta(minutes=5)) == 1
    assert empty_old_sources(now=now + SOURCE_BYTES_KEPT + timedelta(minutes=5)) == 0

    source = Source.objects.get()
    assert (source.body, source.text) == (None, a_page().text)
    assert FOUND_KEPT < SOURCE_BYTES_KEPT
    assert Lookup.objects.get(kind=LookupKind.SEARCH).found is None


def test_a_search_whose_results_are_gone_is_made_anew_when_it_is_asked_again(agent: Agent) -> None:
    first = agent.read("research_search", {"query": "a"})
    Web([hit()]).work()
    assert agent.read("research_search", {"query": "a"}).status == Status.DONE
    empty_old_sources(now=database_now() + FOUND_KEPT + timedelta(minutes=5))

    again = agent.read("research_search", {"query": "a"})

    assert (again.status, again.action != first.action) == (Status.IN_PROGRESS, True)
    assert Lookup.objects.filter(kind=LookupKind.SEARCH).count() == 2


def test_the_books_agree_with_what_was_looked_up(agent: Agent) -> None:
    agent.read("research_fetch", {"url": URL})
    agent.propose("research.fetch", {"url": URL}, key="a")
    Web(a_page()).work()

    assert_books_agree()


def test_the_endpoint_waits_for_what_a_worker_is_at_and_no_longer_than_seconds(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolrouter.mcp.calls.PAUSES_S", (0.05,) * 3)
    calls, told = Calls(Threads(1)), []

    def work_once(pause_s: float) -> Any:
        if not told:
            told.append(pause_s)
            Web(a_page()).work()
        return nothing()

    async def nothing() -> None:
        """Wait for nobody."""

    def ask(url: str) -> dict[str, Any]:
        def talk() -> dict[str, Any]:
            with closing(connection):
                return asyncio.run(calls.call(agent.credential, "research_fetch", {"url": url}))

        with ThreadPoolExecutor(1) as aside:  # this thread may have a loop of its own
            return aside.submit(talk).result()

    given_up = ask(URL)
    monkeypatch.setattr("toolrouter.mcp.calls.asyncio.sleep", work_once)
    done = ask(URL)

    assert (given_up["status"], given_up["retry_after_s"]) == ("in_progress", 2)
    assert (done["status"], done["result"]["title"]) == ("done", "Pricing")
    assert told == [0.05]

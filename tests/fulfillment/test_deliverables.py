"""What a run hands in: section by section, checked, reviewed, released by a person or sent back."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from approvals.enums import RequestState
from approvals.registry import CannotApprove
from fulfillment.enums import BriefFrom, DeliverableState, RunState
from fulfillment.models import AcquisitionRun, Deliverable, Section
from fulfillment.operations import progress
from fulfillment.operations.briefs import BriefWords, give_brief
from fulfillment.operations.deliverables import NotTaken, make_deliverable, write_section
from fulfillment.operations.erasing import erase_deliverables, erase_sections
from fulfillment.queries.task import task_of
from kernel.references import new_reference
from tests.factories.fulfillment import NOON, a_source, planned_run
from tests.factories.people import make_person
from tests.fulfillment.handing_in import (
    contents_for,
    handed_in,
    release,
    request_about,
    run_at_work,
    send_back,
    write_all,
)
from tests.owner import as_owner
from tests.toolrouter.agents import Agent, database_now
from tests.toolrouter.books import differences
from toolrouter.answers import Answer
from toolrouter.models import Grant
from toolrouter.usecases.make_run_token import make_run_token
from toolrouter.vocabulary import Status

pytestmark = pytest.mark.django_db(transaction=True)


def agent_of(run: AcquisitionRun) -> Agent:
    made = make_run_token(run_ref=run.reference, actor_id=None, now=database_now())
    return Agent(token=made.token, run_ref=run.reference, deal=None)  # type: ignore[arg-type]  # a run of an order


def submit(agent: Agent, section: str, content: object, *, key: str) -> Answer:
    return agent.propose(
        "fulfillment.submit_section", {"section": section, "content": content}, key=key
    )


def test_an_agent_hands_in_a_snapshot_section_by_section() -> None:
    run = run_at_work()
    agent, contents = agent_of(run), contents_for(run)

    first, *rest = [
        submit(agent, name, content, key=name).result for name, content in contents.items()
    ]
    assert first["accepted"] == "yes"
    assert first["still_missing"] == ["channels", "loss", "moves"]
    assert [each["still_missing"] for each in rest][-1] == []
    whole = agent.propose("fulfillment.submit_deliverable", {}, key="whole")

    assert whole.status == Status.DONE
    deliverable = Deliverable.objects.get(reference=whole.result["deliverable"])
    assert deliverable.state == DeliverableState.IN_REVIEW
    assert AcquisitionRun.objects.get(pk=run.pk).state == RunState.AWAITING_REVIEW
    assert b"made-up company" in bytes(deliverable.page)  # a sandbox's
    assert request_about(deliverable).state == RequestState.PENDING


def test_what_breaks_the_rules_is_answered_with_where_and_why() -> None:
    run = run_at_work()
    agent, contents = agent_of(run), contents_for(run)
    contents["overview"]["in_short"][0]["quotes"][0]["quote"] = "Nobody ever wrote these words."
    contents["channels"]["channels"] = []

    assert submit(agent, "overview", contents["overview"], key="a").result == {
        "accepted": "no",
        "problems": [
            {"where": "in_short[0].quotes[0]", "code": "not_in_source"},
            {"where": "in_short[0]", "code": "figure_not_quoted", "figure": "62 %"},
        ],
    }
    assert submit(agent, "channels", contents["channels"], key="b").result == {
        "accepted": "no",
        "problems": [{"where": "channels", "code": "too_short"}],
    }
    assert agent.propose("fulfillment.submit_deliverable", {}, key="c").result == {
        "accepted": "no",
        "problems": [
            {"where": name, "code": "section_missing"}
            for name in ("overview", "channels", "loss", "moves")
        ],
    }
    assert not Section.objects.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Call +49 30 1234 5678 today.", "telephone_number"),
        ("Write to grace@shop.example.", "email_address"),
        ("Read on at www.elsewhere.example/buy.", "unknown_link"),
    ],
)
def test_what_may_not_go_to_a_buyer_is_refused_with_its_place(words: str, code: str) -> None:
    run = run_at_work()
    overview = contents_for(run)["overview"]

    with pytest.raises(NotTaken) as refused, transaction.atomic():
        write_section(run, name="overview", content={**overview, "headline": words}, now=NOON)

    (problem,) = refused.value.problems
    assert (problem.where, problem.code, problem.figure) == ("headline", "forbidden_words", code)


def test_the_runs_code_is_refused_and_the_buyers_own_website_is_not() -> None:
    run, site = planned_run(), "https://northlight.example"
    words = BriefWords(company="Northlight", website=f"{site}/", question="Who are our buyers?")
    with transaction.atomic():
        give_brief(run.reference, words=words, given_as=BriefFrom.BUYER, now=NOON)
    overview = contents_for(run)["overview"]
    code = Grant.objects.get(run_ref=run.reference).run_code
    overview |= {"website": site, "headline": f"{code}: tel:1, a@b.example"}

    with pytest.raises(NotTaken) as refused, transaction.atomic():
        write_section(run, name="overview", content=overview, now=NOON)

    assert [(each.where, each.figure) for each in refused.value.problems] == [
        ("headline", "email_address"), ("headline", "telephone_number"), ("headline", "run_code"),
    ]  # fmt: skip


def test_a_link_whose_source_has_gone_is_refused_when_it_is_handed_in() -> None:
    run = run_at_work()
    gone, contents = a_source(run, final_url="https://gone.example/page"), contents_for(run)
    contents["moves"]["moves"][0]["title"] = "Read https://gone.example/page"
    with transaction.atomic():
        for name, content in contents.items():
            write_section(run, name=name, content=content, call_ref="call_x", now=NOON)
        blank = dict.fromkeys(("url", "final_url", "title", "text", "text_salt", "excerpt"), "")
        gone.write(**blank, body=None, emptied_at=database_now())

    with pytest.raises(NotTaken) as refused, transaction.atomic():
        make_deliverable(run, call_ref="call_x", now=database_now())

    (problem,) = refused.value.problems
    assert (problem.where, problem.code, problem.figure) == (
        "moves.moves[0].title", "forbidden_words", "unknown_link",
    )  # fmt: skip


def test_sources_of_another_run_cannot_be_quoted() -> None:
    others = contents_for(run_at_work())
    run = run_at_work()

    with pytest.raises(NotTaken) as refused, transaction.atomic():
        write_section(
            run, name="loss", content=others["loss"], call_ref="call_x", now=database_now()
        )
    assert {each.code for each in refused.value.problems} >= {"unknown_source"}


def test_characters_that_no_font_draws_are_refused() -> None:
    run = run_at_work()
    contents = contents_for(run)
    contents["loss"]["steps"][0] = "寿司"

    with pytest.raises(NotTaken) as refused, transaction.atomic():
        write_section(
            run, name="loss", content=contents["loss"], call_ref="call_x", now=database_now()
        )
    assert [(each.code, each.figure) for each in refused.value.problems] == [
        ("cannot_be_drawn", "寿司")
    ]


def test_an_owners_release_is_of_the_very_bytes_and_ends_the_run() -> None:
    deliverable = handed_in()
    request = release(deliverable, make_person("owner"))

    assert request.state == RequestState.CONSUMED
    deliverable.refresh_from_db()
    assert deliverable.state == DeliverableState.RELEASED
    assert AcquisitionRun.objects.get(pk=deliverable.run_id).state == RunState.DELIVERED
    shown = {field.name: field.value for field in request.fields.filter(part="envelope")}
    assert hashlib.sha256(bytes(deliverable.page)).hexdigest() in shown["page"]
    assert hashlib.sha256(bytes(deliverable.pdf)).hexdigest() in shown["pdf"]
    assert differences() == []


def test_bytes_that_changed_behind_the_request_are_not_released() -> None:
    deliverable = handed_in()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE fulfillment_deliverable DISABLE TRIGGER USER")
        cursor.execute("UPDATE fulfillment_deliverable SET page = %s", [b"other"])
        cursor.execute("ALTER TABLE fulfillment_deliverable ENABLE TRIGGER USER")

    with pytest.raises(CannotApprove, match="not the one that was shown"):
        release(deliverable, make_person("owner"))
    deliverable.refresh_from_db()
    assert deliverable.state == DeliverableState.IN_REVIEW


def test_the_database_lets_nobody_change_what_was_handed_in() -> None:
    deliverable = handed_in()
    with pytest.raises(DatabaseError), transaction.atomic():
        Deliverable.objects.filter(pk=deliverable.pk).update(page=b"other")


def test_an_owner_sends_it_back_and_the_agent_hands_in_the_next_version() -> None:
    deliverable = handed_in()
    send_back(deliverable, make_person("owner"))

    deliverable.refresh_from_db()
    run = AcquisitionRun.objects.get(pk=deliverable.run_id)
    assert (deliverable.state, run.state) == (DeliverableState.SENT_BACK, RunState.RUNNING)
    with transaction.atomic():
        second = make_deliverable(run, call_ref=new_reference("call"), now=database_now())
        progress.deliverable_submitted(run, refs=[second.reference], now=database_now())
    assert second.number == 2
    release(second, make_person("owner", email="second@trinity.example"))
    assert AcquisitionRun.objects.get(pk=run.pk).state == RunState.DELIVERED


def test_why_it_came_back_is_told_to_the_agent() -> None:
    deliverable = handed_in()
    send_back(deliverable, make_person("owner"), reason="Say which channel is dear")

    task = task_of(AcquisitionRun.objects.get(pk=deliverable.run_id))

    why = "Say which channel is dear"
    assert task["sent_back"] == {"document": deliverable.reference, "why": why}


def test_what_is_sent_back_while_its_run_stands_still_is_worked_on_when_it_goes_on() -> None:
    deliverable = handed_in()
    owner, run = make_person("owner"), deliverable.run
    with transaction.atomic():
        progress.pause(run, now=database_now(), by_id=owner.pk)
    send_back(deliverable, owner)

    deliverable.refresh_from_db()
    assert deliverable.state == DeliverableState.SENT_BACK
    with transaction.atomic():
        progress.resume(run, now=database_now(), by_id=owner.pk)
    assert AcquisitionRun.objects.get(pk=run.pk).state == RunState.RUNNING


def test_a_run_that_is_stopped_takes_its_document_out_of_review() -> None:
    deliverable = handed_in()
    owner = make_person("owner")
    with transaction.atomic():
        progress.stop(deliverable.run, now=database_now(), by_id=owner.pk)

    deliverable.refresh_from_db()
    assert deliverable.state == DeliverableState.WITHDRAWN
    assert request_about(deliverable).state == RequestState.EXPIRED
    assert differences() == []


def test_of_a_paused_run_nothing_is_released() -> None:
    deliverable = handed_in()
    owner = make_person("owner")
    with transaction.atomic():
        progress.pause(deliverable.run, now=database_now(), by_id=owner.pk)

    with pytest.raises(CannotApprove, match="paused"):
        release(deliverable, owner)


def test_nothing_is_handed_in_before_the_plan_is_approved() -> None:
    run = run_at_work()
    write_all(run)
    agent = agent_of(run)
    with transaction.atomic():
        deliverable = make_deliverable(run, call_ref="call_x", now=database_now())
        progress.deliverable_submitted(run, refs=[deliverable.reference], now=database_now())

    answer = agent.propose("fulfillment.submit_deliverable", {}, key="again")
    assert (answer.status, list(answer.codes)) == (Status.DENIED, ["not_possible"])


def test_an_erasure_blanks_the_words_and_the_books_still_verify() -> None:
    deliverable = handed_in()
    release(deliverable, make_person("owner"))
    ref = deliverable.run.reference
    with transaction.atomic():
        assert len(erase_sections([ref])) == 4
        assert erase_deliverables([ref], now=database_now()) == [deliverable.reference]

    deliverable.refresh_from_db()
    assert (deliverable.page, deliverable.pdf) == (None, None)
    assert set(Section.objects.values_list("content", "content_salt")) == {("", "")}
    assert differences() == []


def test_the_books_find_a_document_that_nobody_released() -> None:
    deliverable = handed_in()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fulfillment_deliverable SET state = 'released', closed_at = made_at"
            " WHERE id = %s",
            [deliverable.pk],
        )

    assert ("row_without_entry", deliverable.reference) in differences()

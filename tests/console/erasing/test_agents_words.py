"""Of a person whom agents and colleagues wrote about, no word is left in the whole database."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import call_command
from django.db import connection

from approvals.enums import RequestState, Why
from approvals.models import ApprovalRequest
from crm.enums import DealStage
from crm.models import Deal
from crm.usecases.request_snapshot import SnapshotRequest, request_snapshot
from crm.usecases.review_lead import accept_lead
from kernel.references import new_reference
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.factories.toolrouter import prove_stripe
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.toolrouter.approving.deciding import approve, ask_for_link, call_of, refuse, request_of
from tests.toolrouter.books import differences
from toolrouter.answers import Answer
from toolrouter.enums import IncidentKind, Scope
from toolrouter.operations import By
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import open_incident
from trinity.restore_drill import Tools

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "ada@lovelace-engines.example"
WORDS = ("ada@", "lovelace", "analytical", "byron")


def lead() -> Agent:
    """An agent whose run is about Ada, who asked for a snapshot."""
    asked = SnapshotRequest(
        name="Ada Lovelace", email=EMAIL, company="Lovelace Engines",
        website="https://lovelace-engines.example", wish="Look at analytical engines.",
    )  # fmt: skip
    prove_stripe()
    now, owner = database_now(), make_person("owner")
    reference = request_snapshot(
        asked=asked, trace_ref=new_reference("trc"), mode="sandbox", now=now
    )
    accept_lead(deal_ref=reference, actor_id=owner.pk, now=now)
    Deal.objects.filter(reference=reference).update(
        offer_id=OfferFactory().pk, stage=DealStage.QUALIFIED
    )
    return an_agent(deal=Deal.objects.get(reference=reference))


def dump(folder: Path) -> str:
    """Return all rows of the database, as ``pg_dump`` writes them."""
    url = os.environ["MIGRATION_DATABASE_URL"]
    url = urlunsplit(urlsplit(url)._replace(path=f"/{connection.settings_dict['NAME']}"))
    made = folder / "all.sql"
    Tools(url).run("pg_dump", "--data-only", f"--file={made}", url=url)
    return made.read_text().lower()


def left_of_her(folder: Path) -> list[str]:
    text = dump(folder)
    return [line for line in text.splitlines() if any(word in line for word in WORDS)]


def written_about_her() -> tuple[Answer, Answer]:
    """A pending and a decided request about her, and words of an agent and of colleagues."""
    agent, operator = lead(), make_person("operator")
    agent.note("Ada Lovelace builds analytical engines.", key="note")
    agent.propose(
        "crm.recommend_next_step",
        {"deal": agent.deal.reference, "step": "call", "why": "Byron's daughter answers."},
        key="step",
    )
    decided = ask_for_link(agent, key="decided")
    refuse(decided, operator, reason="Ada Lovelace has paid in person.", tells_the_agent=True)
    other = lead()
    pending = ask_for_link(other, key="pending")
    by = By(actor_id=operator.pk, reason="Ada Lovelace called; Byron too.")
    open_incident(
        kind=IncidentKind.LEGAL, scope=Scope.RUN, ref=agent.run_ref, by=by, now=database_now()
    )
    stop(scope=Scope.RUN, ref=agent.run_ref, by=by, now=database_now())
    return pending, decided


def test_a_dump_after_the_erasure_holds_none_of_the_words(tmp_path: Path) -> None:
    pending, decided = written_about_her()
    before = left_of_her(tmp_path)
    assert {word for word in WORDS if any(word in line for line in before)} == set(WORDS)

    out = StringIO()
    call_command("erase_subject", EMAIL, "--yes", "--reason", "asked", stdout=out)

    assert left_of_her(tmp_path) == []
    request = request_of(pending)
    assert (request.state, request.why_closed) == (RequestState.EXPIRED, Why.SUBJECT_GONE)
    assert call_of(pending).codes == ["subject_gone"]
    assert request_of(decided).state == RequestState.REFUSED
    assert differences() == []


def test_what_was_approved_and_not_used_is_closed_too() -> None:
    agent, operator = lead(), make_person("operator")
    answer = ask_for_link(agent)
    approve(answer, operator)

    call_command("erase_subject", EMAIL, "--yes", "--reason", "asked", stdout=StringIO())

    assert ApprovalRequest.objects.get().why_closed == Why.SUBJECT_GONE
    assert agent.get_action(answer.action).codes == ("subject_gone",)
    assert differences() == []

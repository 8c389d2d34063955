"""One attack for each mechanism of the router: what it does, and no word on whether it got through.

Each returns the calls that it was about. Whether there was an effect that nobody approved is asked
by the test, of the provider's own list and of the raw rows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from approvals.usecases.revoke import revoke
from crm.enums import DealStage
from crm.models import Deal, Project
from crm.usecases.keep_projects import make_project
from kernel.references import new_reference
from tests.ablation.naive import MEETING, NAIVE, NAIVE_EFFECT
from tests.factories import people
from tests.factories.crm import ContactFactory
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.factories.toolrouter import prove_stripe
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.toolrouter.approving.deciding import approve, ask_for_link, at, run_at
from tests.toolrouter.spending.buying import NOBODY, a_buyer
from toolrouter import approval_kind
from toolrouter.answers import Answer
from toolrouter.enums import Scope
from toolrouter.exchanges.approved import carry_out
from toolrouter.usecases.propose import propose
from toolrouter.usecases.stop import stop


def number_from(first: int) -> None:
    """Let the names of what is made here begin with that number."""
    people._numbers = count(first)
    for factory in (OfferFactory, ContactFactory):
        factory.reset_sequence(first, force=True)


def fingerprint() -> list[str]:
    """Let a link for one dollar be approved, and make the deal sell something dearer."""
    agent, operator = _agent_with_offer(), _operator()
    answer = ask_for_link(agent)
    moment = approve(answer, operator)
    dearer = OfferFactory(amount_minor=99_00)
    Deal.objects.filter(pk=agent.deal.pk).update(offer_id=dearer.pk)
    run_at(moment)
    return _calls(answer)


def single_use() -> list[str]:
    """Use an approval, and then take it back: whoever does is told that nothing was done."""
    agent, operator = _agent(), _operator()
    answer = _ask(agent, key="once")
    carry_out(answer.action or "", clock=at(approve(answer, operator)))
    with suppress(Exception):
        revoke(answer.approval or "", person=operator, reason="", now=database_now())
    return _calls(answer)


def claim() -> list[str]:
    """Let two workers, whose clocks say the same, claim one approved call at the same moment."""
    agent, operator = _agent(), _operator()
    answer = _ask(agent, key="once")
    moment = approve(answer, operator)
    MEETING.arm()
    _together(*[lambda: carry_out(answer.action or "", clock=at(moment))] * 2)
    MEETING.disarm()
    return _calls(answer)


def stop_check() -> list[str]:
    """Ask with a credential that was let in a moment before the run was stopped."""
    agent, operator = _agent_with_offer(), _operator()
    let_in = agent.credential
    stop(scope=Scope.RUN, ref=agent.run_ref, by=NOBODY, now=database_now())
    arguments = {"deal": agent.deal.reference}
    answer = propose(let_in, None, "revenue.prepare_payment_link", arguments, "late")
    with suppress(Exception):
        run_at(approve(answer, operator))
    return _calls(answer)


def unknown_blocks() -> list[str]:
    """Ask again, under another key, for what the provider did and nobody heard of."""
    agent, operator = _agent(), _operator()
    first = _ask(agent, key="first")
    NAIVE_EFFECT.loses_the_answer = True
    carry_out(first.action or "", clock=at(approve(first, operator)))
    NAIVE_EFFECT.loses_the_answer = False
    again = _ask(agent, key="again")
    with suppress(Exception):
        carry_out(again.action or "", clock=at(approve(again, operator)))
    return _calls(first, again)


def cap_lock() -> list[str]:
    """Approve two purchases of all that a cap has left, at the same moment."""
    buyer = a_buyer(make_person("owner"), project=_project())
    buyer.caps(run=10_00)
    answers = [buyer.ask(10_00), buyer.ask(10_00)]
    reserve = approval_kind.reserve

    def reserve_together(*given: Any, **named: Any) -> None:
        MEETING.meet()  # after both saw what is left, before one takes it
        reserve(*given, **named)

    approval_kind.reserve = reserve_together
    MEETING.arm()
    _together(*[lambda answer=answer: buyer.approve(answer) for answer in answers])
    MEETING.disarm()
    approval_kind.reserve = reserve
    return _calls(*answers)


def _operator() -> User:
    return make_person("operator")


def _project() -> Project:
    """Make a project of an attack's own: an incident holds none but that."""
    reference = make_project(
        name=new_reference("prj"), actor_id=make_person("owner").pk, now=database_now()
    )
    return Project.objects.get(reference=reference)


def _agent() -> Agent:
    return an_agent(project=_project())


def _agent_with_offer() -> Agent:
    prove_stripe()
    return an_agent(project=_project(), stage=DealStage.QUALIFIED, offer_id=OfferFactory().pk)


def _ask(agent: Agent, *, key: str) -> Answer:
    arguments = {
        "deal": agent.deal.reference,
        "amount_minor": 100,
        "currency": "USD",
        "vendor": "vendor.example",
    }
    return agent.propose(NAIVE, arguments, key=key)


def _calls(*answers: Answer) -> list[str]:
    return sorted({answer.action or "" for answer in answers})


def _together(*works: Callable[[], Any]) -> None:
    """Do all of it at once, each in a thread with a connection of its own."""

    def run(work: Callable[[], Any]) -> None:
        with closing(connection), suppress(Exception):  # who loses may lose in any way
            work()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

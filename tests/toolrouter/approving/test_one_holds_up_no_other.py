"""What raises about one call holds up no other, and the database's clock alone ends an approval."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from crm.enums import DealStage
from revenue.models import Offer
from revenue.tools import PaymentLinkEffect
from tests.factories.toolrouter import prove_stripe
from tests.outside import lose_next_answer
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.toolrouter.approving.deciding import (
    approve,
    ask_for_link,
    at,
    at_stripe,
    call_of,
    run_at,
)
from toolrouter.answers import Answer
from toolrouter.enums import ReceiptState
from toolrouter.exchanges import approved
from toolrouter.exchanges.lost import look_for_lost
from toolrouter.exchanges.receipts import read_receipts
from toolrouter.models import ProviderReceipt
from toolrouter.timing import CALL_DEADLINE, LOOK_AGAIN
from toolrouter.vocabulary import Code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]
LINKS = "/v1/payment_links"
TRIES = 64  # of which each draws one of two


@pytest.fixture
def answers(offer: Offer, operator: User, outside: RunningSandbox) -> list[Answer]:
    """Two calls of two runs, approved."""
    prove_stripe()
    return [ask_for_link(an_agent(stage=DealStage.QUALIFIED, offer_id=offer.pk)) for _ in range(2)]


def run_all(answers: list[Answer], operator: User) -> datetime:
    moment = max(approve(answer, operator) for answer in answers)
    run_at(moment)
    return moment


def test_a_lost_call_that_cannot_be_looked_for_holds_up_no_other(
    answers: list[Answer],
    operator: User,
    outside: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in answers:
        lose_next_answer(outside, LINKS)
    moment = run_all(answers, operator) + CALL_DEADLINE
    first, second = sorted((call_of(answer) for answer in answers), key=lambda call: call.look_at)
    find = PaymentLinkEffect.find

    def find_all_but_the_first(effect: PaymentLinkEffect, call_ref: str) -> Any:
        if call_ref == first.reference:
            raise LookupError(call_ref)
        return find(effect, call_ref)

    monkeypatch.setattr(PaymentLinkEffect, "find", find_all_but_the_first)
    with pytest.raises(LookupError):
        look_for_lost(clock=at(moment))

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("unknown", "done")
    assert first.look_at == moment + LOOK_AGAIN


def test_a_receipt_that_cannot_be_read_holds_up_no_other(
    answers: list[Answer], operator: User, outside: RunningSandbox
) -> None:
    outside.control("faults", path=f"{LINKS}/", method="GET", effect="status", status=500)
    moment = run_all(answers, operator)
    outside.clear_faults()
    first, second = ProviderReceipt.objects.order_by("id")
    outside.control(
        "faults", path=f"{LINKS}/{first.provider_ref}", method="GET", effect="status", status=500
    )

    for _ in range(TRIES):
        read_receipts(clock=at(moment), limit=1)

    second.refresh_from_db()
    assert second.state == ReceiptState.MATCHED


def test_a_worker_whose_clock_stood_still_uses_no_approval_whose_time_is_over(
    agent: Agent, operator: User, answer: Answer, outside: RunningSandbox
) -> None:
    began = approve(answer, operator, now=database_now() - timedelta(minutes=12))

    assert run_at(began) == 0

    assert (call_of(answer).codes, at_stripe(outside)) == ([Code.EXPIRED], [])


def test_a_worker_whose_machine_stood_still_after_its_claim_posts_nothing(
    agent: Agent,
    operator: User,
    answer: Answer,
    outside: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = approve(answer, operator)
    woke_at = moment + CALL_DEADLINE
    monkeypatch.setattr(approved, "database_now", lambda: woke_at)

    run_at(moment)

    assert (call_of(answer).state, at_stripe(outside)) == ("failed", [])

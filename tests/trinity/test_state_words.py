"""What a state says is written once for each audience, and no state is speechless."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import stripe
from django.apps import apps

from console.queries.trace.shapes import STAGE_STATES, StageState
from crm.enums import DealStage
from kernel.state_words import TONES, OperatorWords, complete, for_operators
from kernel.transitions import Stateful
from notices.enums import ALERTS, AlertStanding
from revenue.enums import OrderState
from revenue.enums.for_buyers import ORDER as FOR_BUYERS
from revenue.enums.for_buyers import BuyerCase
from revenue.enums.for_operators import CHECKOUT_CLOSED, INQUIRY
from revenue.enums.return_words import RETURN, ReturnCase
from revenue.enums.stripes_words import DISPUTES, REFUNDS, said_by_dispute, said_by_refund
from revenue.models import CheckoutSession, Dispute, Order
from revenue.queries.order_words import CASES
from trinity.people.queries import ACCOUNTS, AccountState

# https://docs.stripe.com/api/refunds/object#refund_object-status
STRIPES_REFUNDS = {"pending", "requires_action", "succeeded", "failed", "canceled"}


def stateful() -> list[tuple[type[Stateful], str]]:
    models = [model for model in apps.get_models() if issubclass(model, Stateful)]
    return [(model, str(state.value)) for model in models for state in sorted(model.MOVES)]


def record(model: Any, state: str) -> Any:
    return model(**{"stage" if model.__name__ == "Deal" else "state": state})


@pytest.mark.parametrize(("model", "state"), stateful())
def test_each_state_that_a_record_can_have_says_something_to_operators(
    model: type[Stateful], state: str
) -> None:
    said = record(model, state).state_words

    assert said.badge
    assert said.tone in TONES


def test_all_the_states_there_are_were_asked() -> None:
    assert {model.__name__ for model, _state in stateful()} == {
        "AcquisitionRun",
        "ApprovalRequest",
        "BuyerMail",
        "CheckoutSession",
        "Deal",
        "Deliverable",
        "Lookup",
        "Offer",
        "Order",
        "OutgoingMail",
        "PaymentLink",
        "ProviderReceipt",
        "Purchase",
        "RefundRequest",
        "Reservation",
        "Source",
        "StripeWebhookEvent",
        "ToolCall",
        "Turn",
    }


def test_each_case_of_the_return_page_has_words() -> None:
    assert set(RETURN) == set(ReturnCase)
    assert all(said.title and said.heading and said.text for said in RETURN.values())


def test_each_stage_of_a_trace_can_say_how_far_it_has_come() -> None:
    assert set(STAGE_STATES) == set(StageState)


def test_each_state_of_an_alert_and_of_an_account_has_words() -> None:
    assert set(ALERTS) == set(AlertStanding.values)
    assert set(ACCOUNTS) == set(AccountState.values)


def test_each_word_that_stripe_has_for_a_dispute_or_a_refund_is_known() -> None:
    union = stripe.Dispute.__annotations__["status"]

    assert set(DISPUTES) == {word for each in get_args(union) for word in get_args(each)}
    assert set(REFUNDS) == STRIPES_REFUNDS
    assert all(
        said.badge and said.tone in TONES for said in [*DISPUTES.values(), *REFUNDS.values()]
    )


def test_each_state_of_an_order_is_a_case_to_its_buyer_and_each_case_has_words() -> None:
    assert set(CASES) == set(OrderState.values)
    assert set(FOR_BUYERS) == set(BuyerCase)
    said = FOR_BUYERS.values()
    assert all(each.title and each.badge and each.heading and each.text for each in said)
    assert all(each.tone in TONES for each in said)


def test_a_word_that_stripe_makes_up_speaks_for_itself_and_asks_for_a_person() -> None:
    assert said_by_dispute("new_word").badge == "new word"
    assert said_by_dispute("new_word").tone == "bad"
    assert said_by_refund("new_word").badge == "new word"


@pytest.mark.parametrize("status", [word for word in DISPUTES if word.startswith("warning_")])
def test_a_bank_that_asks_is_never_called_a_dispute(status: str) -> None:
    inquiry = Dispute(status=status, amount_minor=100, currency="USD")

    assert inquiry.state_words.badge.startswith("inquiry")
    assert "bank ask" in inquiry.title
    assert "disput" not in inquiry.title


def test_an_order_reads_as_disputed_once_money_was_withdrawn() -> None:
    asked = Order(state=OrderState.DISPUTED, disputed_minor=0)
    disputed = Order(state=OrderState.DISPUTED, disputed_minor=100)

    assert asked.state_words is INQUIRY
    assert disputed.state_words.badge == "disputed"


def test_a_checkout_that_a_person_closed_did_not_run_out() -> None:
    closed = CheckoutSession(state="expired", close_asked_at="2026-11-30T17:00Z")

    assert closed.state_words is CHECKOUT_CLOSED
    assert "ran out" in CheckoutSession(state="expired").state_words.heading


def test_a_table_without_a_state_or_with_a_state_too_many_is_refused() -> None:
    words = {stage: OperatorWords(tone="ok") for stage in DealStage}

    assert set(for_operators(DealStage, words)) == set(DealStage.values)
    with pytest.raises(ValueError, match="won"):
        complete(DealStage, {stage: said for stage, said in words.items() if stage != "won"})
    with pytest.raises(ValueError, match="sold"):
        complete(DealStage, {**words, "sold": OperatorWords(tone="ok")})

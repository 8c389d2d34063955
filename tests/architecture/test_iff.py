"""A constraint that says "iff" holds both ways; one that holds one way says "only_if".

Each is tried with a row that it lets stand, and with what it must refuse, triggers aside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import CheckConstraint, F, Model

from tests.architecture.iff_rows import (
    PAID,
    alert_mail,
    approval,
    bought_purchase,
    closed_purchase,
    deliverable,
    incident,
    payment_link,
    price,
    purchase,
    receipt,
    reservation,
    run_token,
    step_up,
    team_mail,
    tool_call,
    turn,
)
from tests.factories.crm import NOON, DealFactory
from tests.factories.fulfillment import a_source, open_intake_of, paid_order, planned_run
from tests.factories.orders import AlertFactory, OrderFactory
from tests.factories.revenue import (
    CheckoutFactory,
    OfferFactory,
    filed,
    session_object,
)
from tests.owner import rewriting

Changes = Mapping[str, Any]


class Case(NamedTuple):
    """A row, what may become of it, and what may not."""

    make: Callable[[], Model]
    allowed: list[Changes]
    refused: list[Changes]


WAITING = {"state": "needs_approval", "closed_at": None, "approval_ref": "apr_1"}
OF_A_CALL = {"call_ref": "call_1", "run_ref": "run_1"}
RUNNING = WAITING | {"state": "executing", "claimed_at": NOON, "deadline_at": NOON}
MISMATCHED = {"state": "mismatched", "read_at": NOON}
IDS = {"stripe_product_id": "prod_1", "stripe_price_id": "price_1"}
IFF = {
    "approval_closed_iff_its_state_is_final": Case(
        approval,
        allowed=[{"state": "refused", "closed_at": NOON}],
        refused=[{"state": "refused"}, {"closed_at": NOON}],
    ),
    "step_up_used_iff_it_has_a_factor": Case(
        step_up,
        allowed=[{"used_at": NOON, "factor": "code"}],
        refused=[{"used_at": NOON}, {"factor": "code"}, {"evidence": {}}],
    ),
    "deal_won_iff_an_order_won_it": Case(
        DealFactory,
        allowed=[{"stage": "won", "won_order_ref": "ord_1"}],
        refused=[{"stage": "won"}, {"won_order_ref": "ord_1"}],
    ),
    "source_emptied_iff_its_bytes_are_gone": Case(
        lambda: a_source(planned_run()),
        allowed=[{"body": None, "emptied_at": NOON}],
        refused=[{"body": None}, {"emptied_at": NOON}],
    ),
    "intake_frozen_iff_there_is_a_reason": Case(
        lambda: open_intake_of(paid_order()),
        allowed=[{"frozen_reason": "refund", "frozen_at": NOON}],
        refused=[{"frozen_reason": "refund"}, {"frozen_at": NOON}],
    ),
    "offer_published_iff_it_has_a_date": Case(
        OfferFactory,
        allowed=[{"state": "retired"}, {"state": "draft", "published_at": None}],
        refused=[{"state": "draft"}, {"published_at": None}],
    ),
    "deliverable_has_its_bytes_iff_not_erased": Case(
        deliverable,
        allowed=[{"page": None, "pdf": None, "erased_at": NOON}],
        refused=[
            {"page": None, "pdf": None},
            {"erased_at": NOON},
            {"pdf": None, "erased_at": NOON},
        ],
    ),
    "deliverable_closed_iff_out_of_review": Case(
        deliverable,
        allowed=[{"state": "sent_back", "closed_at": NOON}],
        refused=[{"state": "sent_back"}, {"closed_at": NOON}],
    ),
    "turn_ended_iff_it_has_an_outcome": Case(
        turn,
        allowed=[{"state": "ended", "outcome": "lost", "ended_at": NOON}],
        refused=[
            {"state": "ended", "ended_at": NOON},
            {"state": "ended", "outcome": "lost"},
            {"ended_at": NOON},
        ],
    ),
    "turn_stopped_iff_there_is_a_reason": Case(
        turn,
        allowed=[{"stop_reason": "time", "stop_asked_at": NOON}],
        refused=[{"stop_reason": "time"}, {"stop_asked_at": NOON}],
    ),
    "run_token_ended_iff_there_is_a_reason": Case(
        run_token,
        allowed=[{"ended_at": NOON, "end_reason": "revoked"}],
        refused=[{"ended_at": NOON}, {"end_reason": "revoked"}],
    ),
    "incident_closed_iff_somebody_closed_it": Case(
        incident,
        allowed=[{"closed_at": NOON, "closed_by": F("opened_by")}],
        refused=[{"closed_at": NOON}, {"closed_by": F("opened_by")}],
    ),
    "outgoing_mail_due_iff_open": Case(
        team_mail,
        allowed=[{"state": "failed", "next_attempt_at": None}],
        refused=[{"state": "failed"}, {"next_attempt_at": None}],
    ),
    "outgoing_mail_sent_iff_it_says_when": Case(
        team_mail,
        allowed=[{"state": "sent", "next_attempt_at": None, "sent_at": NOON}],
        refused=[{"state": "sent", "next_attempt_at": None}, {"sent_at": NOON}],
    ),
    "outgoing_mail_to_all_for_ever_iff_of_alerts": Case(
        alert_mail,
        allowed=[{"lane": "account", "worth_until": NOON}],
        refused=[{"worth_until": NOON}, {"lane": "account"}, {"to_address": "a@b.example"}],
    ),
    "call_denied_iff_there_is_a_reason": Case(
        tool_call,
        allowed=[{"state": "denied", "codes": ["hold"]}],
        refused=[{"state": "denied"}, {"codes": ["hold"]}],
    ),
    "call_closed_iff_it_came_to_an_end": Case(
        tool_call,
        allowed=[WAITING],
        refused=[WAITING | {"closed_at": NOON}, {"closed_at": None}],
    ),
    "receipt_read_iff_it_says_what": Case(
        receipt,
        allowed=[{"state": "matched", "read_at": NOON}],
        refused=[{"state": "matched"}, {"read_at": NOON}],
    ),
    "receipt_differs_iff_there_is_an_incident": Case(
        receipt,
        allowed=[{"state": "matched", "read_at": NOON}],
        refused=[
            MISMATCHED,
            MISMATCHED | {"differs": ["amount"]},
            {"state": "matched", "read_at": NOON, "differs": ["amount"]},
        ],
    ),
    "reservation_closed_iff_not_open": Case(
        reservation,
        allowed=[
            {"state": "settled", "closed_at": NOON},
            {"state": "released", "closed_at": NOON},
        ],
        refused=[{"closed_at": NOON}, {"state": "settled", "closed_at": None}],
    ),
    "run_frozen_iff_it_remembers_from_where": Case(
        planned_run,
        allowed=[{"state": "frozen", "frozen_from": "waiting_for_brief"}],
        refused=[{"state": "frozen"}, {"frozen_from": "waiting_for_brief"}],
    ),
    "run_interrupted_iff_it_remembers_what": Case(
        planned_run,
        allowed=[
            {"state": "paused", "interrupted": "planning"},
            {"state": "frozen", "frozen_from": "stuck", "interrupted": "running"},
        ],
        refused=[
            {"state": "paused"},
            {"interrupted": "planning"},
            {"state": "frozen", "frozen_from": "paused"},
        ],
    ),
    "purchase_called_off_iff_there_is_a_reason": Case(
        purchase,
        allowed=[{"called_off_at": NOON, "called_off_why": "stopped"}],
        refused=[{"called_off_at": NOON}, {"called_off_why": "stopped"}],
    ),
    "purchase_closed_iff_somebody_closed_it": Case(
        closed_purchase,
        allowed=[{"state": "cancelled"}],
        refused=[{"state": "to_buy"}, {"closed_at": None}, {"closed_by": None}],
    ),
    "purchase_paid_iff_bought": Case(
        closed_purchase,
        allowed=[{"state": "bought"} | PAID],
        refused=[
            PAID,
            {"state": "bought"} | PAID | {"paid_minor": 0},
            {"state": "bought"} | PAID | {"paid_on": None},
        ],
    ),
    "purchase_not_as_approved_iff_there_is_an_incident": Case(
        bought_purchase,
        allowed=[{"paid_minor": 1}],
        refused=[
            {"paid_minor": 49_01},
            {"paid_currency": "EUR"},
            {"called_off_at": NOON, "called_off_why": "hold"},
        ],
    ),
    "webhook_event_emptied_iff_it_has_a_date": Case(
        lambda: filed("checkout.session.completed", session_object(CheckoutFactory())),
        allowed=[{"body": None, "emptied_at": NOON}],
        refused=[{"body": None}, {"emptied_at": NOON}],
    ),
}
ONLY_IF = {
    "deliverable_wrong_only_if_released": Case(
        deliverable,
        allowed=[{"state": "released", "closed_at": NOON, "wrong_at": NOON}],
        refused=[{"wrong_at": NOON}],
    ),
    "payment_link_of_a_run_only_if_a_call_made_it": Case(
        payment_link,
        allowed=[OF_A_CALL, {"created_by": None}],
        refused=[{"run_ref": "run_1"}, {"call_ref": "call_1"}],
    ),
    "call_runs_only_if_it_was_claimed": Case(
        tool_call,
        allowed=[WAITING, RUNNING],
        refused=[RUNNING | {"claimed_at": None}, WAITING | {"claimed_at": NOON}],
    ),
    "call_that_needs_people_done_only_if_claimed": Case(
        tool_call,
        allowed=[{"risk": "outbound", "claimed_at": NOON}, {"risk": "read"}],
        refused=[{"risk": "outbound"}, {"risk": "spend"}],
    ),
    "call_open_only_if_somebody_was_asked": Case(
        tool_call,
        allowed=[WAITING, {"approval_ref": "apr_1"}],
        refused=[WAITING | {"approval_ref": ""}],
    ),
    "payment_link_active_only_if_stripe_knows_it": Case(
        payment_link,
        allowed=[{"stripe_id": "plink_1"}, {"state": "active", "stripe_id": "plink_1"}],
        refused=[{"state": "active"}],
    ),
    "checkout_open_only_if_stripe_knows_it": Case(
        CheckoutFactory,
        allowed=[{"state": "expired"}, {"state": "unknown", "stripe_id": None}],
        refused=[{"stripe_id": None}, {"state": "complete", "stripe_id": None}],
    ),
    "offer_price_ready_only_if_stripe_knows_it": Case(
        price,
        allowed=[IDS, IDS | {"ready_at": NOON}],
        refused=[{"ready_at": NOON}, IDS | {"ready_at": NOON, "stripe_price_id": ""}],
    ),
    "order_paid_only_if_money_came": Case(
        OrderFactory,
        allowed=[{"state": "disputed"}, {"state": "needs_review", "paid_at": None}],
        refused=[{"paid_at": None}, {"state": "refunded", "paid_at": None}],
    ),
    "operator_alert_dismissed_only_if_closed": Case(
        AlertFactory,
        allowed=[{"closed_at": NOON}, {"closed_at": None}],
        refused=[{"closed_by": 1}],
    ),
    "order_unpaid_only_if_no_money_came": Case(
        OrderFactory,
        allowed=[{"state": "failed", "paid_at": None}, {"state": "not_ours", "paid_at": None}],
        refused=[{"state": "failed"}, {"state": "awaiting_payment"}],
    ),
}
CASES = IFF | ONLY_IF


def write(row: Model, changes: Changes) -> None:
    with transaction.atomic(), rewriting(type(row)):
        type(row)._base_manager.filter(pk=row.pk).update(**changes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", CASES)
def test_it_lets_stand_what_it_says_and_refuses_the_rest(name: str) -> None:
    row = CASES[name].make()

    for changes in CASES[name].refused:
        with pytest.raises(IntegrityError, match=name):
            write(row, changes)
    for changes in CASES[name].allowed:
        write(row, changes)


def test_each_such_constraint_is_tried() -> None:
    names = {
        constraint.name
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    }

    assert {name for name in names if "_iff_" in name} == set(IFF)
    assert {name for name in names if "_only_if_" in name} == set(ONLY_IF)

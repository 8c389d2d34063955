"""One sale, every stage in order: what is there, what is missing, what is not told."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.queries.trace import Trace, build_trace, trace_of
from console.queries.trace.shapes import StageState
from console.trace_text import as_json, as_text
from crm import queries as crm
from crm.usecases.review_lead import accept_lead, decline_lead
from fulfillment.models import OrderIntake
from kernel.references import new_reference
from ledger import queries as ledger
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Order,
    RefundRequest,
    RevenueEvent,
    StripeWebhookEvent,
)
from tests.conftest import NOON
from tests.console.sales import (
    SECRETS,
    Process,
    direct_sale,
    lead,
    pay,
    prepared_checkout,
    whole_sale,
)
from tests.factories.orders import OrderFactory
from tests.factories.revenue import (
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    refund_object,
    session_object,
)
from tests.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

OWN_SQL_MAX = 16  # of the 20 a page may cost; the other four are the login's


def trace_for(reference: str) -> Trace:
    trace = build_trace(trace_of(reference))
    assert trace is not None
    return trace


def states(trace: Trace) -> list[StageState]:
    return [stage.state for stage in trace.stages[:4]]


def whats(trace: Trace, number: int) -> list[str]:
    return [record.what for record in trace.stages[number - 1].records]


def record(trace: Trace, what: str) -> Any:
    found = [r for stage in trace.stages for r in stage.records if r.what == what]
    assert len(found) == 1, (what, found)
    return found[0]


def test_a_whole_sale_is_complete(process: Process, operator: User) -> None:
    order = whole_sale(process, operator_id=operator.pk)

    trace = trace_for(order.trace_ref)

    assert states(trace) == [StageState.DONE] * 4
    assert (trace.is_whole, trace.gaps, list(trace.modes)) == (True, [], ["sandbox"])
    assert whats(trace, 3) == ["Checkout prepared"]
    assert {"Stripe event", "Order", "Revenue event", "Deal", "Intake", "Mail"} <= set(
        whats(trace, 4)
    )
    assert record(trace, "Intake").says == "opened in the same commit"
    assert whats(trace, 5) == ["Run"]
    assert [stage.state for stage in trace.stages[4:]] == [StageState.LATER] * 4


def test_a_direct_purchase_says_what_it_skipped(process: Process) -> None:
    order = direct_sale(process)

    trace = trace_for(order.trace_ref)

    assert states(trace) == [StageState.SKIPPED] * 3 + [StageState.DONE]
    assert trace.is_whole
    assert "from /offers/snapshot/" in record(trace, "Checkout").says
    assert record(trace, "Handed to Stripe's page").at == NOON
    assert record(trace, "Came back from Stripe's page").at == NOON
    assert "version 1" in record(trace, "Checkout").says


def test_every_reference_of_a_sale_leads_to_it(process: Process, operator: User) -> None:
    order = whole_sale(process, operator_id=operator.pk)
    filed("refund.updated", refund_object(order.checkout, id="re_tracetest1", amount=40))
    filed("charge.dispute.created", dispute_object(order.checkout, id="dp_tracetest1"))
    process()
    asked = RefundRequest.objects.create(
        reference=new_reference("rfq"), mode=order.mode, order=order, amount_minor=1,
        currency="USD", requested_by=operator, requested_at=NOON,
    )  # fmt: skip
    order.refresh_from_db()
    deal = crm.deals_by_trace(order.trace_ref)[0]
    intake = OrderIntake.objects.get()
    references = [
        order.trace_ref, deal.reference, deal.contact_ref, order.reference,
        order.checkout.reference, order.checkout.stripe_id, order.payment_intent_id,
        order.charge_id, asked.reference, "re_tracetest1", "dp_tracetest1", intake.reference,
        intake.run.reference, BuyerMail.objects.filter(kind="paid").get().reference,
        StripeWebhookEvent.objects.filter(type="checkout.session.completed").get().stripe_id,
        *(event.reference for event in RevenueEvent.objects.all()),
        *(entry.reference for entry in ledger.entries_of_trace(order.trace_ref)),
    ]  # fmt: skip

    assert {trace_of(str(reference)) for reference in references} == {order.trace_ref}


@pytest.mark.parametrize(
    "reference", ["", "ord_unknown", "evt_1", "hello", "a" * 400, "sk_live_x", "\x00", "_", "ord_"]
)
def test_what_is_unknown_leads_nowhere(reference: str) -> None:
    assert trace_of(reference) == ""


def test_an_unknown_trace_is_none() -> None:
    assert build_trace(new_reference("trc")) is None


def test_nobody_is_named_in_any_form(process: Process, operator: User) -> None:
    order = whole_sale(process, operator_id=operator.pk)
    trace = trace_for(order.trace_ref)

    for output in (as_text(trace), json.dumps(as_json(trace))):
        assert not [secret for secret in SECRETS if secret in output]
        assert operator.email not in output


def test_attempts_are_told(process: Process) -> None:
    order = direct_sale(process)
    filed("checkout.session.completed", session_object(order.checkout), id="evt_again")
    process()

    events = [r for r in trace_for(order.reference).stages[3].records if r.what == "Stripe event"]

    assert [event.says.split(", ", 2)[2] for event in events] == [
        "handled once, recorded once",
        "handled once, nothing new in it",
    ]
    assert [(a.source, a.outcome) for event in events for a in event.attempts] == [
        ("delivery", "recorded"),
        ("delivery", "duplicate, no change"),
    ]


def test_an_event_that_nobody_could_act_on_is_there(process: Process) -> None:
    order = direct_sale(process)
    body = session_object(order.checkout)
    filed("checkout.session.completed", body, id="evt_strange", api_version="2019-01-01")
    process()

    trace = trace_for(order.reference)

    assert "Stripe event evt_strange needs a person." in trace.gaps
    assert not trace.is_whole


def test_refunds_and_disputes_are_told(process: Process) -> None:
    order = direct_sale(process)
    filed("refund.updated", refund_object(order.checkout, amount=40))
    filed(
        "charge.dispute.created",
        dispute_object(
            order.checkout, balance_transactions=[movement("txn_tracetest1", -60, fee=1500)]
        ),
    )
    process()

    trace = trace_for(order.reference)

    assert (record(trace, "Refund").state, str(record(trace, "Refund").amount)) == (
        "succeeded",
        "$0.40 USD",
    )
    assert record(trace, "Dispute").state == "needs_response"
    assert trace.stages[3].sentence == "Paid, and disputed by the buyer."
    assert record(trace, "Run").state == "frozen"


def test_a_lead_waits(operator: User) -> None:
    trace = trace_for(lead())

    assert states(trace) == [
        StageState.DONE,
        StageState.WAITING,
        StageState.AHEAD,
        StageState.AHEAD,
    ]
    assert not trace.is_whole


def test_an_accepted_lead_waits_for_a_checkout(operator: User) -> None:
    deal_ref = lead()
    accept_lead(deal_ref=deal_ref, actor_id=operator.pk, now=NOON)

    assert states(trace_for(deal_ref)) == [
        StageState.DONE, StageState.DONE, StageState.WAITING, StageState.AHEAD,
    ]  # fmt: skip


def test_a_declined_lead_stops(operator: User) -> None:
    deal_ref = lead()
    decline_lead(deal_ref=deal_ref, reason="no budget", actor_id=operator.pk, now=NOON)

    assert states(trace_for(deal_ref))[1] == StageState.STOPPED


def test_a_missing_review_is_named(process: Process) -> None:
    deal = crm.deal_for_sale(lead())
    order = pay(prepared_checkout(deal), process)

    trace = trace_for(order.reference)

    assert states(trace)[1] == StageState.MISSING
    assert trace.gaps == ["Lead review: No decision was recorded before the checkout was prepared."]
    assert not trace.is_whole


def test_a_missing_intake_is_named(process: Process) -> None:
    order = direct_sale(process)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE fulfillment_runevent DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM fulfillment_runevent")
        cursor.execute("ALTER TABLE fulfillment_runevent ENABLE TRIGGER USER")
        cursor.execute("DELETE FROM fulfillment_acquisitionrun")
        cursor.execute("DELETE FROM fulfillment_orderintake")

    assert trace_for(order.reference).gaps == [
        f"{order.reference} is paid, but no intake was opened."
    ]


@pytest.mark.parametrize(
    ("state", "stage_state"),
    [
        ("open", StageState.WAITING),
        ("unknown", StageState.WAITING),
        ("expired", StageState.STOPPED),
    ],
)
def test_a_checkout_nobody_paid(state: str, stage_state: StageState) -> None:
    checkout = CheckoutFactory(state=state)

    assert states(trace_for(checkout.reference))[3] == stage_state


def test_a_payment_that_nothing_explains(process: Process) -> None:
    stranger = CheckoutSession(stripe_id="cs_test_elsewhere", currency="USD", amount_minor=70)
    filed("checkout.session.completed", session_object(stranger, metadata={},
                                                       client_reference_id=None))  # fmt: skip
    process()

    trace = trace_for(Order.objects.get().reference)

    assert states(trace) == [StageState.MISSING] * 3 + [StageState.WAITING]
    assert "has to decide" in trace.stages[3].sentence


def test_a_purchase_that_joins_an_open_deal_is_one_story(process: Process, operator: User) -> None:
    deal_ref = lead()
    accept_lead(deal_ref=deal_ref, actor_id=operator.pk, now=NOON)
    deal = crm.deal_for_sale(deal_ref)
    checkout = CheckoutFactory(deal_id=deal.id, origin="deal")  # under a trace of its own
    order = pay(checkout, process)
    assert order.trace_ref != deal.trace_ref

    from_deal, from_order = trace_for(deal_ref), trace_for(order.reference)

    assert states(from_deal) == states(from_order) == [StageState.DONE] * 4


def test_seals_are_told(process: Process, seal: Callable[[], None]) -> None:
    order = direct_sale(process)
    trace = trace_for(order.reference)
    assert trace.unsealed == len(trace.entries) > 0

    seal()

    assert trace_for(order.reference).unsealed == 0


def test_it_costs_at_most_sixteen_statements(process: Process, operator: User) -> None:
    order = whole_sale(process, operator_id=operator.pk)
    filed("refund.updated", refund_object(order.checkout, amount=40))
    process()

    with CaptureQueriesContext(connection) as captured:
        trace_for(order.reference)

    statements = [q["sql"] for q in captured if "set_config" not in q["sql"]]
    assert len(statements) <= OWN_SQL_MAX, "\n".join(statements)


def test_the_command_prints_text(process: Process) -> None:
    order = direct_sale(process)
    out = StringIO()

    call_command("trace", order.reference, stdout=out)

    output = out.getvalue()
    assert output.startswith(f"Trace {order.trace_ref}   sandbox\n")
    assert "Stages 1 to 4 are complete." in output
    assert all(len(line) == len(line.rstrip()) for line in output.splitlines())


def test_the_command_prints_json(process: Process) -> None:
    order = direct_sale(process)
    out = StringIO()

    call_command("trace", order.reference, "--json", stdout=out)

    output = json.loads(out.getvalue())
    assert (output["trace_ref"], output["is_complete"]) == (order.trace_ref, True)
    assert [stage["standing"] for stage in output["stages"]][:4] == ["skipped"] * 3 + ["done"]
    [paid] = [r for r in output["stages"][3]["records"] if r["what"] == "Revenue event"]
    assert (paid["amount_minor"], paid["currency"], paid["at"]) == (
        100,
        "USD",
        NOON.isoformat().replace("+00:00", "Z"),
    )


def test_the_command_says_what_it_could_look_up() -> None:
    with pytest.raises(CommandError, match="a trace \\(trc_"):
        call_command("trace", "ord_unknown", stdout=StringIO())


def test_the_command_repeats_no_more_of_a_reference_than_one_can_have() -> None:
    with pytest.raises(CommandError, match=r"the reference 'x{100}'\. It may"):
        call_command("trace", "x" * 5000, stdout=StringIO())


def test_two_orders_of_one_deal_tell_of_it_once(process: Process, operator: User) -> None:
    deal_ref = lead()
    accept_lead(deal_ref=deal_ref, actor_id=operator.pk, now=NOON)
    deal = crm.deal_for_sale(deal_ref)
    first = pay(prepared_checkout(deal), process)
    pay(prepared_checkout(deal), process)

    trace = trace_for(first.reference)

    assert trace.title == "Acquisition snapshot: 2 orders"
    assert whats(trace, 3) == ["Checkout prepared"] * 2
    assert [whats(trace, 4).count(what) for what in ("Checkout", "Deal", "Contact")] == [0, 1, 0]
    assert [whats(trace, 1), [row.at for row in trace.stages[0].records]] == [
        ["Contact", "Deal"], [NOON, NOON],
    ]  # fmt: skip
    [won] = [row for row in trace.stages[3].records if row.what == "Deal"]
    assert won.says == "won in the same commit"


def test_a_paid_sale_without_an_entry_is_a_gap() -> None:
    order = OrderFactory(mode="sample", state="paid", paid_at=NOON)

    trace = trace_for(order.reference)

    assert trace.is_paid
    assert trace.gaps[-1] == f"{order.reference} is sample data: its payment is not in the ledger."


def test_a_sale_is_called_by_what_is_known_of_it(operator: User) -> None:
    deal_ref = lead()
    assert trace_for(deal_ref).title == "A request: waits for an answer"
    accept_lead(deal_ref=deal_ref, actor_id=operator.pk, now=NOON)
    assert trace_for(deal_ref).title == "A request: accepted, nothing sold yet"
    prepared_checkout(crm.deal_for_sale(deal_ref))
    assert trace_for(deal_ref).title == "Acquisition snapshot for $1.00 USD: not paid yet"

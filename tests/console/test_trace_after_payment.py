"""What a trace tells of money that went back, or that a bank asks about."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from revenue.models import ExcessSettlement, RefundPaidElsewhere
from tests.conftest import NOON
from tests.console.sales import direct_sale
from tests.console.test_trace import Process, record, trace_for
from tests.factories.people import make_person
from tests.factories.revenue import dispute_object, filed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator() -> User:
    return make_person("operator")


def test_money_that_stripe_did_not_move_is_told(process: Process, operator: User) -> None:
    order = direct_sale(process)
    said = {"order": order, "mode": order.mode, "currency": "USD", "recorded_by": operator}
    RefundPaidElsewhere.objects.create(
        **said, reference="rpe_1", amount_minor=40, paid_by="cash", recorded_at=NOON
    )
    for number, how in enumerate(("written_off", "bank_transfer")):
        ExcessSettlement.objects.create(
            **said, reference=f"exs_{number}", amount_minor=5, settled_by=how, recorded_at=NOON
        )

    told = trace_for(order.reference).stages[3].records

    assert [
        (each.what, each.reference, each.state_words.badge, str(each.amount))
        for each in told
        if each.what in ("Refund paid another way", "Over-refund settled")
    ] == [
        ("Over-refund settled", "exs_0", "written off", "$0.05 USD"),
        ("Over-refund settled", "exs_1", "returned by bank transfer", "$0.05 USD"),
        ("Refund paid another way", "rpe_1", "in cash", "$0.40 USD"),
    ]


def test_a_bank_that_only_asks_is_no_dispute(process: Process) -> None:
    order = direct_sale(process)
    filed("charge.dispute.created", dispute_object(order.checkout, status="warning_needs_response"))
    process()

    trace = trace_for(order.reference)

    assert trace.stages[3].sentence == "Paid, and the bank asks about it."
    assert record(trace, "Run").says == "the payment is disputed, or the bank asks about it"

"""One command erases a person's data everywhere; the books do not change."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from approvals.models import Revocation
from approvals.usecases.decide import refuse
from crm.models import Contact, Deal
from fulfillment.enums import BriefFrom, LookupKind, LookupState
from fulfillment.models import AcquisitionRun, Lookup
from fulfillment.operations import progress
from fulfillment.operations.briefs import BriefWords, give_brief
from fulfillment.usecases.start_run import start_run
from kernel import guards
from kernel.references import new_reference
from ledger.models import LedgerEntry
from revenue.enums import MailKind, MailState
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    EventAlarm,
    EventRendering,
    ExcessSettlement,
    Order,
    RefundPaidElsewhere,
    RevenueEvent,
    StripeWebhookEvent,
)
from tests.approvals.asking import ask, boxes
from tests.console.erasing.conftest import (
    BUYER,
    GRACE,
    WORDS,
    Process,
    all_tables,
    erase,
    erase_for_good,
    named_in,
)
from tests.factories.fulfillment import a_source
from tests.factories.orders import BuyerMailFactory
from tests.factories.people import make_person
from tests.factories.revenue import NOON, CheckoutFactory, filed, session_object
from tests.fulfillment.handing_in import handed_in
from tests.revenue.conftest import Clock
from tests.toolrouter.agents import an_agent, database_now
from tests.toolrouter.approving.deciding import sql_past_us
from tests.toolrouter.purchases.shopping import a_shopper, buy
from toolrouter.enums import IncidentKind, Posture, Scope
from toolrouter.models import Stop
from toolrouter.operations.changes import By
from toolrouter.usecases.change_safety import change_posture
from toolrouter.usecases.release_stop import release_stop
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import close_incident, open_incident

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_names_the_person_any_more(order: Order) -> None:
    assert named_in(all_tables()) == list(WORDS)

    said = erase_for_good()

    assert [line for line in all_tables().splitlines() if named_in(line)] == []
    assert named_in(said) == []
    for reference in (order.reference, Contact.objects.get().reference):
        assert reference in said


def test_each_column_that_can_only_be_blanked_is_blank_afterwards(order: Order) -> None:
    """Of every app, by what the database was told: no list of this test's own."""
    by = {"recorded_by": make_person("owner", email="ann@shop.example"), "recorded_at": NOON}
    money = {"mode": "sandbox", "order": order, "amount_minor": 1, "currency": "USD"}
    words = {"reason": "Grace called.", **money, **by}
    RefundPaidElsewhere.objects.create(reference=new_reference("rpe"), paid_by="cash", **words)
    ExcessSettlement.objects.create(reference=new_reference("exs"), settled_by="cash", **words)
    event = StripeWebhookEvent.objects.get(order=order, type="checkout.session.completed")
    came = {"event": event, "body": b"Grace", "body_sha256": "a" * 64, "received_at": NOON}
    EventAlarm.objects.create(fact_sha256="b" * 64, **came)
    EventRendering.objects.create(fact_sha256="b" * 64, api_version="2020-08-27", **came)
    asked_and_answered(trace_ref=order.trace_ref)
    told_about_a_run(order)
    bought_by_hand(order)
    read_on_the_web(order)
    handed_in_for(order)
    columns = {f"{table}.{each}" for table, named in guards.erasable().items() for each in named}
    columns = {column for column in columns if not column.startswith("kernel_tests_")}
    assert {column for column in columns if is_filled(column)} == columns

    erase_for_good()

    assert {column for column in columns if is_filled(column)} == set()


def told_about_a_run(order: Order) -> None:
    """Have an agent work on this sale, and colleagues say why they stopped, held and loosened."""
    assert order.deal is not None
    agent = an_agent(deal=Deal.objects.get(pk=order.deal.pk))
    agent.note("Grace wants ships.")
    by = By(actor_id=make_person("owner").pk, reason="Grace called.")
    about = {"scope": Scope.RUN, "ref": agent.run_ref}
    when = {"by": by, "now": NOON}
    change_posture(**about, posture=Posture.READ_ONLY, **when)
    stop(**about, **when)
    release_stop(stop_ref=Stop.objects.get().reference, **when)
    incident = open_incident(kind=IncidentKind.LEGAL, **about, **when)
    close_incident(incident_ref=incident, **when)


def bought_by_hand(order: Order) -> None:
    """Have an agent ask for a purchase from somebody named, and a colleague buy it and say why."""
    assert order.deal is not None
    owner = make_person("owner")
    shopper = a_shopper(owner, deal=Deal.objects.get(pk=order.deal.pk))
    buy(shopper.handed_over(vendor="Grace Ships"), owner, reason="Grace called.")
    # Why an owner set the caps of account and project is about nobody's sale.
    sql_past_us(
        "toolrouter_safetychange",
        "UPDATE {} SET reason = '', reason_salt = '' WHERE scope <> 'run'",
    )


def read_on_the_web(order: Order) -> None:
    """Have the order's run search for the person, and read a page about them."""
    start_run(order_id=order.pk, now=NOON)
    run = AcquisitionRun.objects.get(intake__order_id=order.pk)
    a_source(run, title="Grace", text="Grace sells ships.")
    lookup = Lookup(
        reference=new_reference("lku"),
        run=run,
        mode=run.mode,
        call_ref=new_reference("call"),
        kind=LookupKind.SEARCH,
        asked="Grace Hopper",
        found=[{"title": "Grace"}],
        found_count=1,
        found_salt="a" * 32,
        asked_at=NOON,
        deadline_at=NOON,
        ended_at=NOON,
    )
    lookup.begin(LookupState.DONE)
    lookup.save(force_insert=True)


def handed_in_for(order: Order) -> None:
    """Have the order's run told what it is about, and hand in what it found."""
    run = AcquisitionRun.objects.get(intake__order_id=order.pk)
    words = BriefWords(company="Grace Ships", website="grace.example", question="Who buys?")
    now = database_now()
    with transaction.atomic():
        give_brief(run.reference, words=words, given_as=BriefFrom.BUYER, now=now)
        progress.plan_submitted(run, refs=[], now=now)
        progress.plan_approved(run, refs=[], now=now)
    run.refresh_from_db()
    handed_in(run)


def asked_and_answered(*, trace_ref: str) -> None:
    """Have a person asked about this sale, refuse with a reason, and take an approval back."""
    owner = make_person("owner")
    with boxes():
        request = ask(now=NOON, trace_ref=trace_ref)
        refuse(
            request.reference,
            person=owner,
            shown_digest=request.shown_digest,
            reason="Grace has them.",
            tells_the_agent=False,
            now=NOON,
        )
    words = {"reason": "Grace called.", "reason_salt": "a" * 32, "reason_digest": "b" * 64}
    Revocation.objects.create(request=request, person=owner, revoked_at=NOON, **words)


# Of these tables only such rows hold words of or about people.
WORDS_WHERE = {"approvals_approvalfield": "is_words"}


def is_filled(name: str) -> bool:
    """Say whether any row has something in the column ``name``: a table, a dot, its own name."""
    table, column = name.split(".")
    with connection.cursor() as cursor:
        of_people = WORDS_WHERE.get(table, "true")
        filled = rf"{column}::text NOT IN ('', '\x')"
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE {filled} AND {of_people})")
        (found,) = cursor.fetchone()
    return bool(found)


def test_however_stripe_wrote_the_address_it_goes() -> None:
    payload = {"email": GRACE.swapcase(), "name": "Grace Hopper"}
    filed("charge.failed", {"id": "ch_y", "billing_details": payload})

    erase_for_good()

    assert named_in(all_tables()) == []


def test_whoever_records_something_meanwhile_is_waited_for(order: Order) -> None:
    """A recorder holds the checkout, and the address in memory."""
    holds, lets_go = threading.Event(), threading.Event()

    def record() -> None:
        with closing(connection), transaction.atomic():
            CheckoutSession.objects.select_for_update(no_key=True).get(order=order)
            address = Order.objects.get().buyer_email
            holds.set()
            lets_go.wait(20)
            BuyerMailFactory(order=order, to_address=address, kind=MailKind.REFUND_FAILED)

    with ThreadPoolExecutor(2) as pool:
        recorded = pool.submit(record)
        assert holds.wait(20)
        erased = pool.submit(lambda: _closing(erase_for_good))
        with pytest.raises(TimeoutError):
            erased.result(timeout=0.5)
        lets_go.set()
        recorded.result(20)
        with pytest.raises(CommandError, match="is still to be sent"):
            erased.result(20)

    assert Order.objects.get().buyer_email == GRACE


def _closing(work: Callable[[], str]) -> str:
    with closing(connection):
        return work()


def test_the_sale_and_the_books_stay(order: Order) -> None:
    call_command("seal_ledger", stdout=StringIO())
    money = list(RevenueEvent.objects.values_list("kind", "amount_minor", "fact_key"))

    erase_for_good()

    order.refresh_from_db()
    assert (order.state, order.amount_minor, order.refunded_minor) == (
        "partially_refunded",
        100,
        40,
    )
    assert list(RevenueEvent.objects.values_list("kind", "amount_minor", "fact_key")) == money
    assert Deal.objects.get().won_order_ref == order.reference
    assert StripeWebhookEvent.objects.exclude(body_sha256="").count() == 3
    call_command("seal_ledger", stdout=StringIO())
    out = StringIO()
    call_command("verify_ledger", stdout=out)  # it exits with 1 where anything differs
    assert "sealed entries" in out.getvalue()


def test_that_it_was_done_is_in_the_ledger_without_saying_to_whom(order: Order) -> None:
    mails = BuyerMail.objects.count()

    erase_for_good()

    entry = LedgerEntry.objects.get(event="personal_data.erased")
    contact, deal = Contact.objects.get(), Deal.objects.get()
    assert entry.subject == contact.reference
    assert {contact.reference, deal.reference, order.reference} <= set(entry.refs)
    assert entry.facts == {
        "actor": "system", "reason": "asked", "orders": 1, "mails": mails, "events": 3,
    }  # fmt: skip
    assert mails >= 2


def test_without_yes_it_only_says_what_would_go(order: Order) -> None:
    before = all_tables()

    said = erase()
    also = erase("--reason", "asked")

    assert all_tables() == before
    assert said == also
    for reference in (order.reference, Deal.objects.get().reference, "evt_", "mail_"):
        assert reference in said
    assert "Nothing was changed" in said
    assert named_in(said) == []


def test_it_asks_why(order: Order) -> None:
    with pytest.raises(CommandError, match="Say why: --reason asked"):
        erase("--yes")
    with pytest.raises(CommandError, match="invalid choice"):
        erase("--yes", "--reason", "Grace Hopper wants it")
    assert Contact.objects.get().erased_at is None


def test_others_stay_as_they_are(order: Order, process: Process) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory()))
    process()
    BuyerMail.objects.filter(to_address="ada@buyer.example").update(state=MailState.QUEUED)

    erase_for_good()

    ada = Order.objects.get(buyer_email="ada@buyer.example")
    assert (ada.buyer_name, ada.contact and ada.contact.name) == ("Ada Lovelace",) * 2
    assert BuyerMail.objects.get(order=ada).to_address == "ada@buyer.example"
    assert StripeWebhookEvent.objects.exclude(body=None).count() == 1


@pytest.mark.parametrize("email", [GRACE, GRACE.lower(), f" {GRACE.upper()} "])
def test_however_the_address_is_written(order: Order, email: str) -> None:
    erase_for_good(email)

    assert named_in(all_tables()) == []


def test_again_there_is_nothing_and_what_comes_later_is_found(
    order: Order, clock: Clock, process: Process
) -> None:
    erase_for_good()
    assert "Nothing is kept" in erase()
    assert "Nothing is kept" in erase_for_good()
    assert LedgerEntry.objects.filter(event="personal_data.erased").count() == 1

    filed("charge.updated", {"id": "ch_y", "billing_details": BUYER})
    clock.forward(minutes=1)
    process()
    assert named_in(all_tables()) == ["grace", "hopper", "crunchline"]
    erase_for_good()

    assert named_in(all_tables()) == []
    last = LedgerEntry.objects.filter(event="personal_data.erased").latest("id")
    assert last.subject == StripeWebhookEvent.objects.latest("id").stripe_id


def test_nobody_is_erased_under_an_unknown_address(order: Order) -> None:
    before = all_tables()
    assert "Nothing is kept" in erase_for_good("nobody@nowhere.example")
    assert all_tables() == before


def test_what_is_no_address_is_refused(order: Order) -> None:
    for email in ("", "grace", "@", "@crunchline.example", "grace@"):
        with pytest.raises(CommandError, match="no e-mail address"):
            erase_for_good(email)


@pytest.mark.parametrize(
    "typed",
    ["Grace@Hopper@Crunchline.example", "grace hopper", "Grace@", "grace@-crunchline-.example"],
)
def test_whoever_typed_what_is_no_address_can_be_erased_too(process: Process, typed: str) -> None:
    buyer = {"email": typed, "name": "Grace Hopper"}
    for _ in range(2):
        filed(
            "checkout.session.completed", session_object(CheckoutFactory(), customer_details=buyer)
        )
    filed("charge.failed", {"id": "ch_x", "billing_details": buyer})
    filed("checkout.session.completed", session_object(CheckoutFactory()))
    process()
    BuyerMail.objects.update(state=MailState.SENT)
    assert named_in(all_tables()) != []

    said = erase_for_good(typed)

    assert named_in(all_tables()) == []
    assert Order.objects.get(buyer_email="ada@buyer.example").buyer_name == "Ada Lovelace"
    assert StripeWebhookEvent.objects.exclude(body=None).count() == 1
    for order in Order.objects.filter(buyer_email=""):
        assert order.reference in said


def test_what_nobody_is_kept_under_and_is_no_address_is_refused() -> None:
    filed("charge.failed", {"id": "ch_x", "billing_details": BUYER})

    with pytest.raises(CommandError, match="no e-mail address"):
        erase("--yes", "--reason", "asked", email="e")

    assert StripeWebhookEvent.objects.exclude(body=None).count() == 1


@pytest.mark.parametrize("is_escaped", [True, False])
def test_however_json_writes_the_letters_of_an_address_it_goes(is_escaped: bool) -> None:
    payload = {"id": "ch_y", "billing_details": {"email": "grâce@crünchline.example"}}
    body = json.dumps({"data": {"object": payload}}, ensure_ascii=is_escaped).encode()
    StripeWebhookEvent.objects.create(
        stripe_id="evt_y", type="charge.failed", livemode=False, mode="sandbox", body=body,
        body_sha256=hashlib.sha256(body).hexdigest(), next_attempt_at=NOON,
        stripe_created_at=NOON, received_at=NOON,
    )  # fmt: skip

    erase_for_good("grâce@crünchline.example")

    assert StripeWebhookEvent.objects.get().body is None

"""From an agent's wish to the books: proposed, approved, handed over, bought."""

from __future__ import annotations

import hashlib

import pytest
from django.contrib.auth.models import User

from approvals.models import ApprovalField, ApprovalRequest
from kernel.money import Money
from ledger.models import LedgerEntry, Posting, SpendEvent
from notices.models import OutgoingMail
from tests.notices.letters import letter_of
from tests.toolrouter.agents import database_now
from tests.toolrouter.purchases.shopping import (
    ARGUMENTS,
    PDF,
    PURCHASE,
    RECEIPT,
    Shopper,
    again,
    buy,
    leave,
)
from tests.toolrouter.spending.buying import findings, reservation_of
from toolrouter.enums import CapScope, IncidentKind
from toolrouter.exchanges.approved import carry_out, run_approved
from toolrouter.models import (
    Incident,
    ProjectSettings,
    ProviderReceipt,
    Purchase,
    PurchaseReceipt,
    Reservation,
    ToolCall,
)
from toolrouter.operations.changes import By
from toolrouter.usecases import close_purchase
from toolrouter.usecases.close_purchase import AlreadyClosed, HasFile
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db


def open_minor() -> int:
    held = Reservation.objects.filter(state="open").values_list("ceiling_minor", flat=True)
    return sum(held)


def test_what_is_asked_for_waits_for_an_owner_with_its_words_apart(shopper: Shopper) -> None:
    answer = shopper.ask_for()

    assert (answer.status, answer.codes) == (Status.NEEDS_APPROVAL, ())
    request = ApprovalRequest.objects.get(reference=answer.approval)
    shown = ApprovalField.objects.get(request=request, part="shown", name="effect")
    assert "For at most $49.00 USD, a colleague buys from crunchline.example" in shown.value
    assert shown.is_words
    assert ARGUMENTS["why"] not in shown.value
    assert ARGUMENTS["why"] in request.around
    assert "crunchline.example/reports" in request.around
    assert request.rule == "spend"


def test_a_purchase_is_handed_over_when_its_hold_is_over_and_no_sooner(shopper: Shopper) -> None:
    answer = shopper.ask_for()
    moment = shopper.approve(answer)

    assert run_approved(clock=lambda: database_now()) == 0
    assert not Purchase.objects.exists()
    assert run_approved(clock=lambda: moment) == 1

    made, call = Purchase.objects.get(), ToolCall.objects.get(reference=answer.action)
    assert (made.state, made.payee, made.what, made.approved) == (
        "to_buy",
        "crunchline.example",
        ARGUMENTS["what"],
        Money(49_00, "USD"),
    )
    assert (call.state, made.approval_ref) == ("done", answer.approval)
    assert open_minor() == 49_00
    assert shopper.agent.get_action(answer.action).result == {
        "purchase": made.reference,
        "state": "to_buy",
    }
    assert findings() == []


def test_handed_over_again_and_again_it_is_one(shopper: Shopper, purchase: Purchase) -> None:
    call_ref = purchase.call.reference
    moment = database_now()

    assert carry_out(call_ref, clock=lambda: moment) is False
    assert run_approved(clock=lambda: moment) == 0
    assert Purchase.objects.count() == 1
    same = shopper.ask_for(key="another")
    assert (same.codes, same.action) == ((Code.DUPLICATE,), call_ref)


def test_what_was_bought_is_booked_and_the_rest_is_free_again(
    shopper: Shopper, purchase: Purchase, operator: User
) -> None:
    booked = buy(purchase, operator, paid=Money(30_00, "USD"))

    closed = again(purchase)
    assert (booked.incident_ref, closed.state, closed.paid) == ("", "bought", Money(30_00, "USD"))
    entry = SpendEvent.objects.get(event="purchase.bought")
    legs = Posting.objects.filter(entry_id=entry.pk).values_list(
        "account", "amount_minor", "currency"
    )
    assert sorted(legs) == [
        ("expenses:data", 30_00, "USD"),
        ("liabilities:paid_by_people", -30_00, "USD"),
    ]
    assert (entry.facts["actor"], entry.mode) == (f"user:{operator.pk}", "sandbox")
    assert open_minor() == 0
    assert shopper.agent.get_action(purchase.call.reference).result == {
        "purchase": purchase.reference,
        "state": "bought",
    }
    assert findings() == []


def test_a_receipt_is_kept_with_its_hash_and_declared_not_matched(
    purchase: Purchase, operator: User
) -> None:
    buy(purchase, operator)

    file, receipt = PurchaseReceipt.objects.get(), ProviderReceipt.objects.get()
    assert bytes(file.content) == PDF
    assert file.sha256 == hashlib.sha256(PDF).hexdigest()
    assert (receipt.state, receipt.provider, receipt.differs) == ("declared", "manual", [])
    assert receipt.read_live is None
    assert not Incident.objects.exists()


def test_nothing_of_an_agents_words_is_in_the_ledger(purchase: Purchase, operator: User) -> None:
    buy(purchase, operator, reason="Ada Lovelace paid")

    told = "\n".join(str(each) for each in LedgerEntry.objects.values_list("facts", "refs", "key"))
    assert "Head-count" not in told
    assert "crunchline" not in told
    assert "Ada" not in told


def test_what_was_not_bought_moves_nothing_and_frees_its_money(
    shopper: Shopper, purchase: Purchase, operator: User
) -> None:
    leave(purchase, operator)

    assert again(purchase).state == "not_bought"
    assert (Posting.objects.count(), open_minor()) == (0, 0)
    assert not ProviderReceipt.objects.exists()
    assert shopper.agent.get_action(purchase.call.reference).result == {
        "purchase": purchase.reference,
        "state": "not_bought",
    }
    assert findings() == []


def test_whoever_could_approve_it_takes_it_back(purchase: Purchase, owner: User) -> None:
    by = By(actor_id=owner.pk, reason="We have it already")
    close_purchase.cancel(purchase.reference, by=by, now=database_now())

    assert (again(purchase).state, open_minor()) == ("cancelled", 0)
    assert findings() == []


@pytest.mark.parametrize(
    ("paid", "kind", "differs"),
    [
        (Money(58_80, "USD"), IncidentKind.OVER_CAP, ["amount"]),
        (Money(40_00, "EUR"), IncidentKind.MISMATCH, ["currency"]),
    ],
)
def test_more_or_another_currency_is_booked_as_said_and_holds_the_project(
    purchase: Purchase, operator: User, paid: Money, kind: str, differs: list[str]
) -> None:
    booked = buy(purchase, operator, paid=paid)

    incident = Incident.objects.get()
    assert (booked.incident_ref, incident.kind) == (incident.reference, kind)
    assert (again(purchase).paid, again(purchase).incident) == (paid, incident)
    receipt = ProviderReceipt.objects.get()
    assert (receipt.state, receipt.differs, receipt.incident) == ("declared", differs, incident)
    assert ProjectSettings.objects.get(project_ref=purchase.project_ref).is_held
    assert set(Posting.objects.values_list("currency", flat=True)) == {paid.currency}
    assert open_minor() == 0
    assert findings() == []


def test_what_was_closed_is_closed(purchase: Purchase, operator: User, owner: User) -> None:
    buy(purchase, operator)

    with pytest.raises(AlreadyClosed):
        leave(purchase, owner)
    with pytest.raises(AlreadyClosed):
        buy(purchase, owner)
    assert Posting.objects.count() == 2


def test_a_receipt_may_come_later_and_once(purchase: Purchase, operator: User) -> None:
    buy(purchase, operator, file=None, reason="The machine was out of paper")
    assert not PurchaseReceipt.objects.exists()
    by, now = By(actor_id=operator.pk), database_now()

    close_purchase.add_file(purchase.reference, file=RECEIPT, by=by, now=now)

    assert PurchaseReceipt.objects.count() == 1
    with pytest.raises(HasFile):
        close_purchase.add_file(purchase.reference, file=RECEIPT, by=by, now=now)
    assert findings() == []


def test_a_cap_that_is_too_small_lets_nothing_be_asked(shopper: Shopper) -> None:
    shopper.cap(CapScope.RUN, 48_99)

    assert shopper.ask_for().codes == (Code.OVER_CAP,)
    assert shopper.ask_for(currency="EUR").codes == (Code.NO_CAP,)
    assert not ApprovalRequest.objects.exists()


def test_a_refused_payee_is_asked_for_again_only_after_an_hour(
    shopper: Shopper, owner: User
) -> None:
    refused = shopper.ask_for()
    shopper.refuse(refused)

    assert shopper.ask_for(what="Something else").codes == (Code.RECENTLY_REFUSED,)
    assert shopper.ask_for(vendor="other.example").status == Status.NEEDS_APPROVAL
    assert reservation_of(refused) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"amount_minor": 0}, Code.MALFORMED),
        ({"amount_minor": -1}, Code.MALFORMED),
        ({"amount_minor": "4900"}, Code.MALFORMED),
        ({"amount_minor": 49.0}, Code.MALFORMED),
        ({"amount_minor": True}, Code.MALFORMED),
        ({"amount_minor": 10**12 + 1}, Code.MALFORMED),
        ({"currency": "usd"}, Code.MALFORMED),
        ({"currency": "USD\n"}, Code.MALFORMED),
        ({"currency": "UЅD"}, Code.MALFORMED),
        ({"currency": "QQQ"}, Code.MALFORMED),
        ({"vendor": "Crunchline.example"}, Code.MALFORMED),
        ({"vendor": "сrunchline.example"}, Code.MALFORMED),
        ({"vendor": "https://crunchline.example"}, Code.MALFORMED),
        ({"vendor": "ada@crunchline.example"}, Code.MALFORMED),
        ({"vendor": "Acme\u200b"}, Code.SHOWN_TEXT),
        ({"vendor": ""}, Code.SHOWN_TEXT),
        ({"what": "one\ntwo"}, Code.SHOWN_TEXT),
        ({"what": "x" * 201}, Code.SHOWN_TEXT),
        ({"category": "gifts"}, Code.MALFORMED),
        ({"category": "Data"}, Code.MALFORMED),
        ({"evidence": "https://a.example"}, Code.MALFORMED),
        ({"evidence": ["a"] * 11}, Code.MALFORMED),
        ({"evidence": ["a\u202eb"]}, Code.SHOWN_TEXT),
        ({"payee": "me"}, Code.MALFORMED),
    ],
)
def test_what_is_asked_is_read_strictly(
    shopper: Shopper, changed: dict[str, object], code: Code
) -> None:
    assert shopper.agent.propose(PURCHASE, ARGUMENTS | changed).codes[0] == code
    assert not ApprovalRequest.objects.exists()


@pytest.mark.parametrize("missing", sorted(ARGUMENTS))
def test_nothing_may_be_left_out(shopper: Shopper, missing: str) -> None:
    less = {name: value for name, value in ARGUMENTS.items() if name != missing}

    assert Code.MALFORMED in shopper.agent.propose(PURCHASE, less).codes


def test_a_typed_name_is_always_a_new_payee_and_said_to_be_one(shopper: Shopper) -> None:
    made = shopper.handed_over(vendor="Acme Data Inc.")

    assert (made.payee, made.vendor_name) == ("", "Acme Data Inc.")
    request = ApprovalRequest.objects.get(reference=made.approval_ref)
    assert "a name that the agent typed" in request.around
    payee = ApprovalField.objects.get(request=request, part="envelope", name="payee")
    assert payee.value == '"typed name"'
    assert findings() == []


def test_who_may_buy_is_mailed_what_to_buy_and_no_word_of_the_agents(
    shopper: Shopper, owner: User, operator: User
) -> None:
    first, second = shopper.handed_over(), shopper.handed_over(what="Another list")

    mails = OutgoingMail.objects.filter(kind="purchase.to_buy").order_by("user_id")
    assert [mail.user_id for mail in mails] == sorted([owner.pk, operator.pk])
    letter = letter_of(mails[0])
    assert letter is not None
    assert letter.subject == "[sandbox: no real money] Purchases to make: 2"
    assert all(each.reference in letter.text for each in (first, second))
    assert "Another list" not in letter.text
    assert first.what not in letter.text

"""An owner edits what an agent asks to buy: a new request takes the place of the old one."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from approvals.ledger_rows import FIELDS
from approvals.models import ApprovalRequest
from tests.factories.people import client_of
from tests.owner import rewriting
from tests.toolrouter.agents import database_now
from tests.toolrouter.purchases.shopping import ARGUMENTS, Shopper
from tests.toolrouter.spending.buying import findings
from toolrouter.answers import Answer
from toolrouter.exchanges.approved import carry_out
from toolrouter.models import Purchase, ToolCall
from toolrouter.usecases.ask_again import CannotAskAgain, MayNotAskAgain, ask_edited
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db
FORM = {
    "amount": "30.00",
    "vendor": "crunchline.example",
    "what": "Head-count figures of four quarters",
    "category": "data",
}


def edit(answer: Answer, by: User, **changes: Any) -> Answer:
    return ask_edited(answer.action or "", changes=changes, person=by, now=database_now())


def request_of(answer: Answer) -> ApprovalRequest:
    return ApprovalRequest.objects.get(reference=answer.approval)


def call_of(answer: Answer) -> ToolCall:
    return ToolCall.objects.get(reference=answer.action)


def address(answer: Answer) -> str:
    return f"/console/tool-calls/{answer.action}/edit/"


def notes_of(owner: User, answer: Answer) -> list[str]:
    page = client_of(owner).get(f"/console/approvals/{answer.approval}/").context["page"]
    return list(page.notes)


def found() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(FIELDS)
        return [(code, says) for code, _what, says in cursor.fetchall()] + findings()


def test_an_edited_request_takes_the_place_of_the_one_that_waits(
    shopper: Shopper, owner: User
) -> None:
    first = shopper.ask_for()

    second = edit(first, owner, amount_minor=30_00, what="Figures of one quarter")

    old, new = request_of(first), request_of(second)
    assert (old.state, old.why_closed, old.superseded_by) == ("superseded", "edited", new)
    assert (new.state, new.again_by, new.is_edited, new.again_of) == ("pending", owner, True, old)
    assert (new.asked_by, new.amount_minor) == (None, 30_00)
    assert (call_of(second).again_of, call_of(second).run_ref) == (
        call_of(first), shopper.agent.run_ref,
    )  # fmt: skip
    assert found() == []


def test_the_agent_reads_that_it_was_superseded_and_by_what(shopper: Shopper, owner: User) -> None:
    first = shopper.ask_for()
    second = edit(first, owner, amount_minor=30_00)

    said = shopper.agent.get_action(first.action)

    assert (said.status, said.codes) == (Status.DENIED, (Code.SUPERSEDED,))
    assert said.result == {"asked_again": second.action}
    assert shopper.agent.get_action(second.action).status == Status.NEEDS_APPROVAL


def test_whoever_edited_it_may_approve_it_and_exactly_that_is_bought(
    shopper: Shopper, owner: User
) -> None:
    second = edit(shopper.ask_for(), owner, amount_minor=30_00, vendor="Anna the printer")

    moment = shopper.approve(second)
    assert carry_out(second.action or "", clock=lambda: moment)

    purchase = Purchase.objects.get()
    assert (purchase.approved_minor, purchase.vendor_name) == (30_00, "Anna the printer")
    assert found() == []


def test_who_edited_it_is_named_with_what_was_asked_and_it_is_no_double(
    shopper: Shopper, owner: User
) -> None:
    words = edit(shopper.ask_for(), owner, what="Figures of one quarter")
    assert notes_of(owner, words)[0] == f"Edited by {owner.email}: what."
    assert not any("double" in note for note in notes_of(owner, words))

    amount = edit(words, owner, amount_minor=60_00)
    assert notes_of(owner, amount)[0] == (
        f"Edited by {owner.email}: amount. The agent asked for $49.00 USD."
    )


def test_beyond_a_cap_it_is_denied_and_the_first_goes_on_waiting(
    shopper: Shopper, owner: User
) -> None:
    first = shopper.ask_for()

    denied = edit(first, owner, amount_minor=900_000_00)

    assert (denied.status, denied.codes[0]) == (Status.DENIED, Code.OVER_CAP)
    assert (call_of(denied).again_of, call_of(denied).again_by) == (call_of(first), owner)
    assert request_of(first).state == "pending"
    assert found() == []


def test_what_was_refused_is_edited_and_what_was_approved_is_not(
    shopper: Shopper, owner: User
) -> None:
    refused, approved = shopper.ask_for(), shopper.ask_for(what="Something else")
    shopper.refuse(refused)
    shopper.approve(approved)

    assert edit(refused, owner, amount_minor=30_00).status == Status.NEEDS_APPROVAL
    with pytest.raises(CannotAskAgain, match="decided it meanwhile"):
        edit(approved, owner, amount_minor=30_00)


def test_nothing_changed_twice_edited_and_other_arguments_are_refused(
    shopper: Shopper, owner: User
) -> None:
    first = shopper.ask_for()

    with pytest.raises(CannotAskAgain, match="Nothing was changed"):
        edit(first, owner, amount_minor=ARGUMENTS["amount_minor"])
    with pytest.raises(CannotAskAgain, match="cannot be edited"):
        edit(first, owner, why="Because")
    edit(first, owner, amount_minor=30_00)
    with pytest.raises(CannotAskAgain, match="asked again already"):
        edit(first, owner, amount_minor=31_00)
    assert ApprovalRequest.objects.count() == 2


def test_only_who_may_decide_a_spend_edits_it(shopper: Shopper, operator: User) -> None:
    first = shopper.ask_for()

    with pytest.raises(MayNotAskAgain):
        edit(first, operator, amount_minor=30_00)
    assert client_of(operator).get(address(first)).status_code == 403


@pytest.mark.parametrize(
    "change", [{"is_edited": False}, {"again_by": None, "is_edited": False, "again_of": None}]
)
def test_who_edited_it_cannot_be_changed_past_us_unseen(
    shopper: Shopper, owner: User, change: dict[str, Any]
) -> None:
    second = edit(shopper.ask_for(), owner, amount_minor=30_00)

    with rewriting(ApprovalRequest):
        ApprovalRequest.objects.filter(reference=second.approval).update(**change)

    assert found() != []


def test_the_page_leads_from_the_request_over_the_form_to_the_new_request(
    shopper: Shopper, owner: User
) -> None:
    first, browser = shopper.ask_for(), client_of(owner)
    assert address(first) in browser.get(f"/console/approvals/{first.approval}/").content.decode()
    form = browser.get(address(first)).context["form"]
    assert (form["amount"].value(), form["vendor"].value()) == ("49.00", "crunchline.example")

    said = browser.post(address(first), FORM, follow=True)

    newer = ApprovalRequest.objects.latest("pk")
    assert said.redirect_chain == [(f"/console/approvals/{newer.reference}/", 302)]
    assert "Edited by" in said.content.decode()
    assert (newer.amount_minor, newer.currency) == (30_00, "USD")
    assert browser.get(address(first)).status_code == 200  # says on POST that it is too late
    assert browser.post(address(first), FORM | {"amount": "31"}).status_code == 409


@pytest.mark.parametrize(
    ("field", "typed"),
    [("amount", "0"), ("amount", "1e3"), ("vendor", "a@b.example"), ("what", "x\u202ey")],
)
def test_what_could_not_be_asked_is_said_beside_its_field(
    shopper: Shopper, owner: User, field: str, typed: str
) -> None:
    first = shopper.ask_for()

    said = client_of(owner).post(address(first), FORM | {field: typed})

    assert (said.status_code, list(said.context["form"].errors)) == (400, [field])
    assert ApprovalRequest.objects.count() == 1


def test_a_call_that_is_no_purchase_has_no_such_page(owner: User, shopper: Shopper) -> None:
    note = shopper.agent.propose("revenue.refund", {}, key="r")

    assert client_of(owner).get(address(note)).status_code == 404
    assert client_of(owner).get("/console/tool-calls/call_x/edit/").status_code == 404

"""A history with a row of every sort in the tables of agents and approvals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from approvals.enums import Why
from approvals.operations import close_for
from approvals.operations.locking import TooLate
from approvals.usecases.revoke import revoke
from approvals.usecases.show_request import show_request
from crm.enums import DealStage
from fulfillment.enums import FreezeReason
from fulfillment.operations import freeze_work
from kernel.money import Money
from revenue.models import Offer
from tests.approvals.test_request_pages import address, key_answer
from tests.factories.fulfillment import planned_run
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.factories.toolrouter import cap_key, new_grant, prove_stripe
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent, an_agent, database_now
from tests.toolrouter.approving.deciding import (
    approve,
    ask_for_link,
    at,
    call_of,
    refuse,
    request_of,
)  # fmt: skip
from tests.toolrouter.purchases.shopping import a_shopper, buy, leave
from tests.toolrouter.spending.buying import a_buyer
from tests.trinity.soft_key import SoftKey
from tests.trinity.test_passkeys import with_key
from toolrouter import operations
from toolrouter.enums import CapScope, IncidentKind, Posture, Scope
from toolrouter.exchanges.approved import carry_out
from toolrouter.exchanges.lost import look_for
from toolrouter.models import Grant, Incident, RunToken, SafetySettings, Stop
from toolrouter.operations import set_cap
from toolrouter.operations.changes import By
from toolrouter.operations.reserving import settle
from toolrouter.operations.settling import deny
from toolrouter.queries import seat_of
from toolrouter.queries.account import settings_of
from toolrouter.timing import ABSENT_FOR
from toolrouter.usecases.call_off_purchases import call_off_purchases
from toolrouter.usecases.change_safety import change_account_settings, change_posture
from toolrouter.usecases.confirm_payee import confirm_payee
from toolrouter.usecases.make_run_token import make_run_token
from toolrouter.usecases.make_seats import make_seats
from toolrouter.usecases.note_listing import note_listing
from toolrouter.usecases.release_stop import release_stop
from toolrouter.usecases.revoke_run_token import revoke_run_token
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import close_incident, open_incident
from toolrouter.vocabulary import Code

LINKS = "/v1/payment_links"


def write_history(outside: RunningSandbox) -> None:
    """Do everything that agents, operators and owners do, once."""
    owner, operator = make_person("owner"), make_person("operator")
    offer = OfferFactory()
    prove_stripe()
    settings_change(owner)
    calls_that_need_nobody(_agent(offer))
    runs_and_their_grants(owner)
    seats_and_whom_they_serve()
    stops_and_incidents(owner)
    answers_of_people(offer, operator)
    effects(outside, offer, operator)
    spending(owner)
    purchases_by_hand(owner, operator)


def _agent(offer: Offer) -> Agent:
    return an_agent(stage=DealStage.QUALIFIED, offer_id=offer.pk)


def settings_change(owner: User) -> None:
    by, now = By(actor_id=owner.pk, reason="We begin carefully."), database_now()
    wanted = settings_of(SafetySettings.objects.get())
    change_account_settings(
        wanted=_replaced(wanted, two_people_from=Money(5_000, "USD"), spend_open=True),
        by=by, now=now,
    )  # fmt: skip
    set_cap(cap_key(CapScope.ACCOUNT), limit=Money(5_000, "USD"), by=by, now=now)
    later = now + timedelta(seconds=1)
    set_cap(cap_key(CapScope.ACCOUNT), limit=Money(6_000, "USD"), by=by, now=later)


def _replaced(wanted: Any, **changes: Any) -> Any:
    values = {name: getattr(wanted, name) for name in type(wanted).__slots__}
    return type(wanted)(**{**values, **changes})


def calls_that_need_nobody(agent: Agent) -> None:
    agent.note("They asked twice.")
    agent.note("They asked thrice.", key="k2")
    agent.read("read_lead", {"deal": agent.deal.reference})
    agent.propose("revenue.refund", {}, key="k3")
    agent.propose("nobody.has_this", {}, key="k4")
    agent.get_action("call_x", run="nope")


def runs_and_their_grants(owner: User) -> None:
    """Make a run that goes on, one that stands still, one that has ended, and their tokens."""
    running, frozen, now = planned_run(), planned_run(), database_now()
    freeze_work(order_id=frozen.intake.order_id, reason=FreezeReason.REFUND, now=now)
    ended = new_grant(funded=Money(0, "USD"))
    operations.end_grant(ended.run_ref, now=now)
    grant = new_grant(funded=Money(0, "USD"))
    by = By(actor_id=owner.pk, reason="One run, one cap.")
    set_cap(cap_key(CapScope.RUN, grant.run_ref), limit=Money(900, "USD"), by=by, now=now)
    change_posture(scope=Scope.RUN, ref=grant.run_ref, posture=Posture.DRAFT_ONLY, by=by, now=now)
    make_run_token(run_ref=grant.run_ref, actor_id=owner.pk, now=now)
    token = make_run_token(run_ref=grant.run_ref, actor_id=owner.pk, now=now)
    revoke_run_token(token_ref=token.reference, actor_id=owner.pk, now=now)
    assert Grant.objects.get(run_ref=running.reference).funded_minor


def seats_and_whom_they_serve() -> None:
    """Make a seat that has ended, one that serves, one that waits, and one that is free again."""
    make_seats(lanes=1, actor_id=None, now=database_now())
    for made in make_seats(lanes=3, actor_id=None, now=database_now()):
        seat = seat_of(made.token)
        assert seat is not None
        note_listing(seat)
    served = [new_grant(funded=Money(0, "USD")) for _ in range(3)]
    _, waits, freed = [operations.bind_seat(each.run_ref, now=database_now()) for each in served]
    assert waits is not None
    assert freed is not None
    operations.close_seat(waits.binding_ref, now=database_now())
    operations.free_seat(freed.binding_ref, now=database_now())


def stops_and_incidents(owner: User) -> None:
    by, now = By(actor_id=owner.pk, reason="It looked odd."), database_now()
    stopped, released, held, closed = (new_grant(funded=Money(0, "USD")) for _ in range(4))
    make_run_token(run_ref=stopped.run_ref, actor_id=owner.pk, now=now)
    stop(scope=Scope.RUN, ref=stopped.run_ref, by=by, now=now)
    made = stop(scope=Scope.PROJECT, ref=released.project_ref, by=by, now=now)
    release_stop(stop_ref=made.reference, by=by, now=now + timedelta(minutes=1))
    for grant in (held, closed):
        open_incident(kind=IncidentKind.LEGAL, scope=Scope.RUN, ref=grant.run_ref, by=by, now=now)
    incident = Incident.objects.get(ref=closed.run_ref)
    close_incident(incident_ref=incident.reference, by=by, now=now + timedelta(minutes=1))
    assert (Stop.objects.count(), RunToken.objects.filter(end_reason="stopped").count()) == (2, 1)


def answers_of_people(offer: Offer, operator: User) -> None:
    """Ask, and be answered in every way; nothing of it is carried out."""
    now = database_now()
    pending, approved, refused, revoked, expired, gone = (
        ask_for_link(_agent(offer)) for _ in range(6)
    )
    show_request(pending.approval or "", person=operator, session_key="s", now=now)
    approve(approved, operator)
    refuse(refused, operator, reason="Too early.", tells_the_agent=True)
    approve(revoked, operator)
    revoke(revoked.approval or "", person=operator, reason="Not yet.", now=now)
    with pytest.raises(TooLate):
        approve(expired, operator, now=request_of(expired).decide_by)
    close_for(gone.action or "", why=Why.EDITED, now=now, superseded_by=pending.approval or "")
    deny(call_of(gone), [Code.SUPERSEDED], now=now)


def effects(outside: RunningSandbox, offer: Offer, operator: User) -> None:
    """Carry out: by a passkey's signature, unread, refused by the provider, and unheard of."""
    done, unread, failed, unheard = (ask_for_link(_agent(offer)) for _ in range(4))
    key = SoftKey()
    client = with_key(operator, key)
    request = request_of(done)
    given = {
        "shown_digest": request.shown_digest,
        "proof-credential": key_answer(client, key, request, operator),
    }
    client.post(address(request, "approve/"), given)
    carry_out(done.action or "", clock=at(request_of(done).not_before or database_now()))
    times = {each: approve(each, operator) for each in (unread, failed, unheard)}

    fault(outside, path=f"{LINKS}/", method="GET", status=500)
    carry_out(unread.action or "", clock=at(times[unread]))
    fault(outside, path=LINKS, method="POST", status=400)
    carry_out(failed.action or "", clock=at(times[failed]))
    fault(outside, path=LINKS, method="POST", status=500)
    carry_out(unheard.action or "", clock=at(times[unheard]))
    outside.clear_faults()
    look_for(
        unheard.action or "",
        clock=at((call_of(unheard).deadline_at or times[unheard]) + ABSENT_FOR),
    )


def fault(outside: RunningSandbox, **what: Any) -> None:
    """Let one sort of request fail from now on, and no other."""
    outside.clear_faults()
    outside.control("faults", effect="status", **what)


def spending(owner: User) -> None:
    """Set money aside, give it back, and take it."""
    buyer = a_buyer(owner)
    buyer.caps()
    buyer.approved(1_00)
    revoked, bought = buyer.approved(2_00), buyer.ask(3_00)
    revoke(revoked.approval or "", person=owner, reason="", now=database_now())
    moment = buyer.approve(bought)
    carry_out(bought.action or "", clock=at(moment))
    settle(bought.action or "", captured=Money(2_50, "USD"), at=moment, now=moment)


def purchases_by_hand(owner: User, operator: User) -> None:
    """Hand over what is then bought, too dear, not bought, called off, and still to be bought."""
    shopper, other = a_shopper(owner), a_shopper(owner)
    shopper.handed_over(what="Still to buy")
    leave(shopper.handed_over(what="Sold out"), operator)
    bought = shopper.handed_over(what="Bought")
    buy(bought, operator, reason="On my own card")
    confirm_payee(bought.reference, actor_id=owner.pk, now=database_now())
    off = other.handed_over(vendor="Acme Inc.", what="Called off")
    dear = other.handed_over(what="Too dear")
    by = By(actor_id=owner.pk, reason="Odd.")
    stop(scope=Scope.RUN, ref=off.run_ref, by=by, now=database_now())
    call_off_purchases(now=database_now())
    buy(dear, operator, paid=Money(99_00, "USD"), file=None, reason="No receipt")

"""What was handed over must not be bought any more: by a stop, a hold, a freeze or an erasure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from ledger.models import Posting
from notices.models import OutgoingMail
from tests.factories.people import client_of, make_person
from tests.toolrouter.agents import database_now
from tests.toolrouter.purchases.shopping import Shopper, again, buy, leave
from tests.toolrouter.spending.buying import findings
from toolrouter.enums import IncidentKind, Posture, Scope
from toolrouter.exchanges.approved import run_approved
from toolrouter.models import Incident, ProjectSettings, Purchase, Reservation, Stop
from toolrouter.operations import freeze_grant, resume_grant
from toolrouter.operations.changes import By
from toolrouter.outbox import CALLED_OFF
from toolrouter.queries.left import left_of
from toolrouter.queries.purchases import purchase_by_reference
from toolrouter.usecases.call_off_purchases import call_off_purchases
from toolrouter.usecases.change_safety import change_posture
from toolrouter.usecases.release_stop import release_stop
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import open_incident

pytestmark = pytest.mark.django_db
NOBODY = By(actor_id=None, reason="It looked odd")


def stop_run(purchase: Purchase) -> None:
    stop(scope=Scope.RUN, ref=purchase.run_ref, by=NOBODY, now=database_now())


def stop_account(_purchase: Purchase) -> None:
    stop(scope=Scope.ACCOUNT, ref="", by=NOBODY, now=database_now())


def hold_project(purchase: Purchase) -> None:
    open_incident(
        kind=IncidentKind.LEGAL,
        scope=Scope.PROJECT,
        ref=purchase.project_ref,
        by=NOBODY,
        now=database_now(),
    )


def hold_by_posture(purchase: Purchase) -> None:
    change_posture(
        scope=Scope.PROJECT,
        ref=purchase.project_ref,
        posture=Posture.HOLD,
        by=NOBODY,
        now=database_now(),
    )


def freeze(purchase: Purchase) -> None:
    with transaction.atomic():
        freeze_grant(purchase.run_ref, now=database_now())


def off_why(purchase: Purchase) -> str:
    found = purchase_by_reference(purchase.reference)
    assert found is not None
    return found.row.off_why


@pytest.mark.parametrize(
    ("halt", "why"),
    [
        (stop_run, "stopped"),
        (stop_account, "stopped"),
        (hold_project, "hold"),
        (hold_by_posture, "hold"),
        (freeze, "frozen"),
    ],
)
def test_what_halts_agents_says_do_not_buy_at_once(
    shopper: Shopper, purchase: Purchase, halt: object, why: str
) -> None:
    assert off_why(purchase) == ""

    halt(purchase)  # type: ignore[operator]  # one of the five

    assert off_why(purchase) == why
    assert shopper.agent.get_action(purchase.call.reference).result == {
        "purchase": purchase.reference,
        "state": "do_not_buy",
    }
    assert Reservation.objects.get(call=purchase.call).state == "open"


def test_whoever_may_close_it_is_mailed_once(
    purchase: Purchase, owner: User, operator: User
) -> None:
    stop_run(purchase)

    assert [call_off_purchases(now=database_now()) for _ in range(2)] == [1, 0]
    mails = OutgoingMail.objects.filter(kind=CALLED_OFF)
    assert set(mails.values_list("user_id", flat=True)) == {owner.pk, operator.pk}
    assert {tuple(mail.facts) for mail in mails} == {("purchase",)}
    assert findings() == []


def test_what_was_called_off_stays_so_after_the_stop_is_released(
    purchase: Purchase, owner: User
) -> None:
    stop_run(purchase)
    call_off_purchases(now=database_now())

    release_stop(
        stop_ref=Stop.objects.get().reference,
        by=By(actor_id=owner.pk, reason="A false alarm"),
        now=database_now(),
    )

    assert off_why(purchase) == "stopped"


def test_what_is_to_be_bought_and_not_halted_is_left_alone(purchase: Purchase) -> None:
    freeze(purchase)
    with transaction.atomic():
        resume_grant(purchase.run_ref)

    assert call_off_purchases(now=database_now()) == 0
    assert off_why(purchase) == ""


def test_bought_anyway_it_is_booked_and_an_incident(purchase: Purchase, operator: User) -> None:
    stop_run(purchase)

    booked = buy(purchase, operator)

    closed, incident = again(purchase), Incident.objects.get()
    assert (closed.state, closed.called_off_why) == ("bought", "stopped")
    assert (booked.incident_ref, incident.kind, incident.about_ref) == (
        incident.reference,
        IncidentKind.CALLED_OFF,
        purchase.reference,
    )
    assert ProjectSettings.objects.get(project_ref=purchase.project_ref).is_held
    assert Posting.objects.count() == 2
    assert findings() == []


def test_not_bought_it_is_closed_without_an_incident(purchase: Purchase, operator: User) -> None:
    stop_run(purchase)

    leave(purchase, operator)

    assert again(purchase).state == "not_bought"
    assert not Incident.objects.exists()
    assert findings() == []


@pytest.mark.parametrize("halt", [stop_run, hold_project, freeze])
def test_halted_while_it_is_held_nothing_is_handed_over(shopper: Shopper, halt: object) -> None:
    answer = shopper.ask_for()
    moment = shopper.approve(answer)
    known = Purchase(
        run_ref=shopper.agent.run_ref, project_ref=shopper.agent.deal.project.reference
    )

    halt(known)  # type: ignore[operator]  # one of the three
    run_approved(clock=lambda: moment + timedelta(seconds=1))

    assert not Purchase.objects.exists()
    assert Reservation.objects.get().state == "released"
    # Of this grant there is no run: it is the tests' own.
    assert {code for code, _ in findings()} <= {"grant_without_run"}


def test_a_stop_is_not_inert_while_a_purchase_is_in_the_hands_of_people(purchase: Purchase) -> None:
    made = stop(scope=Scope.RUN, ref=purchase.run_ref, by=NOBODY, now=database_now())

    left = left_of(Scope.RUN, purchase.run_ref, since=made.stopped_at)
    page = client_of(make_person("auditor")).get(f"/console/stops/{made.reference}/")
    leave(purchase, make_person("operator"))
    after = left_of(Scope.RUN, purchase.run_ref, since=made.stopped_at)

    assert ([each.reference for each in left.to_buy], left.is_inert) == (
        [purchase.reference], False,
    )  # fmt: skip
    assert f"/console/purchases/{purchase.reference}/" in page.content.decode()
    assert (list(after.to_buy), after.is_inert) == ([], True)

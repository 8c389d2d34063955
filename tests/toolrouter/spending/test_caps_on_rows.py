"""The worked table of caps, on real rows and through what agents and people really do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from approvals.registry import CannotApprove
from crm.models import Project
from crm.usecases.keep_projects import make_project
from kernel.money import Money
from tests.toolrouter.agents import database_now
from tests.toolrouter.approving.deciding import sql_past_us
from tests.toolrouter.spending.buying import (
    HOLD,
    NOBODY,
    Buyer,
    Buying,
    a_buyer,
    call_of,
    findings,
    reservation_of,
)
from toolrouter.answers import Answer
from toolrouter.enums import CallState, CapScope, CapWindow, IncidentKind, ReservationState
from toolrouter.exchanges.approved import run_approved
from toolrouter.models import Incident, ProjectSettings, SpendCap
from toolrouter.operations.reserving import capture, release, settle
from toolrouter.queries.account import account_settings
from toolrouter.queries.headroom import counted_minor
from toolrouter.usecases.change_safety import change_account_settings
from toolrouter.vocabulary import Code, Status

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def left(cap: SpendCap) -> int:
    return cap.limit_minor - counted_minor([cap.pk], now=database_now())[cap.pk]


def done(buyer: Buyer, minor: int) -> Answer:
    """Buy for so much at most; nothing was captured yet."""
    now = database_now()
    answer = buyer.ask(minor)
    buyer.approve(answer, now=now)
    assert run_approved(clock=lambda: now + HOLD) == 1
    return answer


def spent(buyer: Buyer, minor: int, *, ceiling: int = 0, ago: timedelta = timedelta()) -> Answer:
    answer, now = done(buyer, ceiling or minor), database_now()
    settle(answer.action or "", captured=Money(minor, "USD"), at=now - ago, now=now)
    return answer


def another_project(owner: User) -> Project:
    now = database_now()
    reference = make_project(name="Another", actor_id=owner.pk, now=now)
    return Project.objects.get(reference=reference)


def set_share(percent: int | None) -> None:
    wanted = account_settings()
    changed = {name: getattr(wanted, name) for name in type(wanted).__slots__}
    changed["funding_share_percent"] = percent
    change_account_settings(wanted=type(wanted)(**changed), by=NOBODY, now=database_now())


@pytest.mark.parametrize(("each", "fit"), [(1_00, 0), (5, 2)])
def test_of_five_only_so_many_fit_beside_9_90_of_10_00(buyer: Buyer, each: int, fit: int) -> None:
    buyer.caps(run=10_00)
    requests = [buyer.ask(each) for _ in range(5)]  # while there was room for each of them
    spent(buyer, 9_90)

    approved = 0
    for request in requests:
        try:
            buyer.approve(request)
            approved += 1
        except CannotApprove:
            continue

    assert approved == fit
    assert findings() == []


def test_of_eight_of_10_00_under_60_00_six_are_approved_and_two_told_what_is_missing(
    buyer: Buyer,
) -> None:
    buyer.caps(run=60_00)
    told = []
    for request in [buyer.ask(10_00) for _ in range(8)]:
        try:
            buyer.approve(request)
        except CannotApprove as missing:
            told.append(str(missing))

    assert told == ["$10.00 USD is missing under the cap “Run”, which has $0.00 USD left."] * 2


@pytest.mark.parametrize("scope", [CapScope.ACCOUNT, CapScope.PROJECT, CapScope.RUN])
def test_exactly_the_headroom_passes_at_propose_and_at_the_claim(
    buyer: Buyer, scope: CapScope
) -> None:
    buyer.caps()
    cap = buyer.cap(scope, 10_00)

    assert buyer.ask(10_01).codes == (Code.OVER_CAP,)
    assert call_of(done(buyer, 10_00)).state == CallState.DONE
    assert left(cap) == 0


def test_what_is_unknown_for_three_days_still_counts_in_24_hours(buyer: Buyer) -> None:
    buyer.caps()
    cap = buyer.cap(CapScope.RUN, 15_00, window=CapWindow.DAY)
    Buying.hangs = True
    answer = done(buyer, 10_00)
    sql_past_us(
        "toolrouter_reservation", "UPDATE {} SET reserved_at = reserved_at - '3 d'::interval"
    )

    assert call_of(answer).state == CallState.UNKNOWN
    assert left(cap) == 5_00
    assert buyer.ask(5_01).codes == (Code.OVER_CAP,)


def test_what_was_settled_25_hours_ago_is_free_in_24_hours_and_counts_in_longer_windows(
    buyer: Buyer,
) -> None:
    buyer.caps(run=100_00)
    day = buyer.cap(CapScope.RUN, 10_00, window=CapWindow.DAY)
    month = buyer.cap(CapScope.RUN, 30_00, window=CapWindow.MONTH)
    lifetime = SpendCap.objects.get(scope=CapScope.RUN, time_window=CapWindow.LIFETIME)
    spent(buyer, 10_00, ago=timedelta(hours=25))

    assert (left(day), left(month), left(lifetime)) == (10_00, 20_00, 90_00)
    assert buyer.ask(10_00).status == Status.NEEDS_APPROVAL


def test_what_a_vendor_gives_back_is_no_capture(buyer: Buyer) -> None:
    buyer.caps(run=10_00)
    answer, now = spent(buyer, 5_00), database_now()

    with pytest.raises(IntegrityError, match="capture_of_an_amount"), transaction.atomic():
        settle(answer.action or "", captured=Money(-5_00, "USD"), at=now, now=now)

    assert buyer.ask(5_01).codes == (Code.OVER_CAP,)


def test_what_was_captured_counts_from_its_capture_and_the_rest_is_free_from_the_closing(
    buyer: Buyer,
) -> None:
    buyer.caps()
    cap = buyer.cap(CapScope.RUN, 49_00)
    answer, now = done(buyer, 49_00), database_now()

    capture(answer.action or "", captured=Money(30_00, "USD"), at=now, now=now)
    before = left(cap)
    assert release(answer.action or "", now=database_now())

    held = reservation_of(answer)
    assert held is not None
    assert (before, left(cap), held.state) == (0, 19_00, ReservationState.SETTLED)
    assert findings() == []


def test_a_cap_lowered_below_what_is_approved_denies_new_ones_and_those_at_the_claim(
    buyer: Buyer,
) -> None:
    buyer.caps(run=20_00)
    first = buyer.approved(10_00)
    cap = buyer.cap(CapScope.RUN, 9_99)

    assert buyer.ask(1).codes == (Code.OVER_CAP,)
    assert run_approved(clock=lambda: database_now() + HOLD) == 0
    assert call_of(first).codes == [Code.OVER_CAP]
    assert left(cap) == 9_99
    assert findings() == []


def test_more_captured_than_the_ceiling_is_booked_and_holds_the_project(buyer: Buyer) -> None:
    buyer.caps()
    cap = buyer.cap(CapScope.RUN, 49_00)
    answer = spent(buyer, 58_80, ceiling=49_00)

    incident = Incident.objects.get()
    assert left(cap) == -9_80
    assert (incident.kind, incident.about_ref) == (IncidentKind.OVER_CAP, answer.action)
    assert ProjectSettings.objects.get(project_ref=buyer.project_ref).is_held
    assert set(buyer.ask(1).codes) == {Code.HOLD, Code.OVER_CAP}
    assert findings() == []


def test_what_is_captured_after_a_call_was_given_up_counts_and_holds_the_project(
    buyer: Buyer,
) -> None:
    buyer.caps()
    cap = buyer.cap(CapScope.RUN, 49_00)
    answer = done(buyer, 10_00)
    release(answer.action or "", now=database_now())
    now = database_now()

    settle(answer.action or "", captured=Money(10_00, "USD"), at=now, now=now)

    assert left(cap) == 39_00
    assert Incident.objects.get().kind == IncidentKind.MISMATCH
    assert findings() == []


def test_what_is_captured_in_another_currency_counts_there_and_holds_the_project(
    buyer: Buyer,
) -> None:
    buyer.caps()
    cap = buyer.cap(CapScope.RUN, 49_00)
    answer, now = done(buyer, 10_00), database_now()

    settle(answer.action or "", captured=Money(10_00, "EUR"), at=now, now=now)

    assert left(cap) == 49_00
    assert Incident.objects.get().kind == IncidentKind.MISMATCH
    assert findings() == []


@pytest.mark.parametrize(
    ("share", "funded", "codes"),
    [
        (50, 1_00, ()),  # 0.50 is half of it
        (49, 1_00, (Code.FUNDING,)),
        (100, 0, (Code.FUNDING,)),  # its order was refunded
        (None, 0, ()),  # caps alone decide
    ],
)
def test_a_run_spends_within_its_share_of_what_the_buyer_paid(
    buyer: Buyer, share: int | None, funded: int, codes: tuple[Code, ...]
) -> None:
    buyer.caps()
    set_share(share)
    buyer.fund(funded)

    assert buyer.ask(50).codes == codes


def test_the_share_is_of_all_that_the_run_ever_spends(buyer: Buyer) -> None:
    buyer.caps()
    set_share(50)
    buyer.fund(10_00)
    waiting = buyer.ask(1_01)
    spent(buyer, 2_00, ago=40 * DAY)
    buyer.approved(2_00)

    assert (buyer.ask(1_01).codes, buyer.ask(1_00).codes) == ((Code.FUNDING,), ())
    with pytest.raises(CannotApprove) as told:
        buyer.approve(waiting)
    assert str(told.value) == (
        "$0.01 USD is missing of what the buyer's payment lets this run spend."
    )


def test_a_refund_before_the_claim_denies_what_was_approved(buyer: Buyer) -> None:
    buyer.caps()
    set_share(100)
    buyer.fund(1_00)
    answer = buyer.approved(1_00)
    buyer.fund(0)

    assert run_approved(clock=lambda: database_now() + HOLD) == 0
    assert call_of(answer).codes == [Code.FUNDING]


def test_a_spend_in_another_currency_than_the_caps_has_no_cap(buyer: Buyer) -> None:
    buyer.caps()

    assert buyer.ask(1, currency="EUR").codes == (Code.NO_CAP,)


@pytest.mark.parametrize("there", range(3))
def test_where_a_cap_of_account_project_or_run_is_missing_there_is_none(
    buyer: Buyer, there: int
) -> None:
    scopes = [CapScope.ACCOUNT, CapScope.PROJECT, CapScope.RUN]
    for scope in scopes[:there] + scopes[there + 1 :]:
        buyer.cap(scope, 10_00)

    assert buyer.ask(1).codes == (Code.NO_CAP,)


def test_another_projects_spend_takes_of_the_account_alone(buyer: Buyer, owner: User) -> None:
    buyer.caps()
    other = a_buyer(owner, project=another_project(owner))
    other.cap(CapScope.PROJECT, 10_00)
    other.cap(CapScope.RUN, 10_00)
    account = buyer.cap(CapScope.ACCOUNT, 10_00)
    project = SpendCap.objects.get(scope=CapScope.PROJECT, ref=buyer.project_ref)
    other.approved(4_00)

    assert (left(account), left(project)) == (6_00, project.limit_minor)
    assert (buyer.ask(6_01).codes, buyer.ask(6_00).codes) == ((Code.OVER_CAP,), ())


def test_what_cannot_be_read_is_malformed_and_nothing_is_said_of_caps(buyer: Buyer) -> None:
    answer = buyer.agent.propose("tests.buy", {"amount_minor": "1"}, key="bad")

    assert answer.codes == (Code.MALFORMED,)

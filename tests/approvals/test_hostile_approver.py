"""Somebody who wants a request approved that they may not approve, or shown as what it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.test import Client

from approvals.enums import Factor, RequestState, Why
from approvals.models import ApprovalField, ApprovalRequest, Decision, Revocation, StepUp
from approvals.operations import CannotUse, consume
from approvals.operations.locking import TooLate
from approvals.ports import NotProved, Proof
from approvals.usecases.decide import approve
from approvals.usecases.revoke import revoke
from kernel.liveness import database_now
from ledger.queries import compare_rows
from tests.approvals.asking import DAY, ENVELOPE, HOLD, Boxes, ask, boxes, challenge
from tests.approvals.test_request_pages import (
    address,
    answer,
    code,
    key_answer,
    state_of,
    text_of,
    with_app,
)  # fmt: skip
from tests.factories.people import PASSWORD, client_of, make_person
from tests.owner import rewriting
from tests.trinity.soft_key import SoftKey
from tests.trinity.test_passkeys import with_key

pytestmark = pytest.mark.django_db(transaction=True)
PENDING, APPROVED = RequestState.PENDING, RequestState.APPROVED


@pytest.fixture(autouse=True)
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        yield kind


@pytest.fixture
def request_() -> ApprovalRequest:
    return ask(now=database_now())


def cheat(row: Model, **change: object) -> None:
    """Change columns as the tables' owner, past every trigger."""
    with rewriting(type(row)):
        QuerySet(type(row)).filter(pk=row.pk).update(**change)


def approved(
    request: ApprovalRequest, by: User, *, now: datetime, factor: Factor = Factor.CODE
) -> ApprovalRequest:
    return approve(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        step_up=challenge(request, by, now=now),
        proof=Proof(factor=factor),
        now=now,
    )


def refusal(request: ApprovalRequest, *, now: datetime) -> str:
    """Use the approval; return the code it is refused with."""
    with pytest.raises(CannotUse) as refused, transaction.atomic():
        consume(request.subject_ref, envelope=ENVELOPE, now=now)
    return refused.value.code


def found() -> dict[str, int]:
    return dict(compare_rows().counts)


def shown_field(request: ApprovalRequest, name: str) -> ApprovalField:
    return ApprovalField.objects.get(request=request, part="shown", name=name)


# --- what the page shows -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("effect", '["","Open a box for nothing."]'),
        ("line_00", '["Ceiling","100 USD"]'),
        ("title", '"A harmless request"'),
    ],
)
def test_what_somebody_wrote_over_what_was_shown_is_not_decided_by(
    request_: ApprovalRequest, name: str, value: str
) -> None:
    client = client_of(make_person("owner"))
    cheat(shown_field(request_, name), value=value)

    page = client.get(address(request_))
    said = client.post(
        address(request_, "approve/"),
        {"shown_digest": page.context["page"].shown_digest, "proof-password": PASSWORD},
    )

    assert said.status_code == 409
    assert "This page was out of date." in text_of(said)
    assert state_of(request_) == PENDING
    assert found()


def test_a_field_less_or_more_is_not_decided_by_and_is_found(request_: ApprovalRequest) -> None:
    client = client_of(make_person("owner"))
    field = shown_field(request_, "line_01")
    with rewriting(ApprovalField):
        QuerySet(ApprovalField).filter(pk=field.pk).delete()

    page = client.get(address(request_))
    said = answer(client, request_, **{
        "shown_digest": page.context["page"].shown_digest, "proof-password": PASSWORD,
    })  # fmt: skip

    assert said.status_code == 409
    assert state_of(request_) == PENDING
    assert found()


def test_what_an_agent_writes_is_text_on_every_page(request_: ApprovalRequest) -> None:
    evil = "<script>x</script><a href='javascript:x'>http://evil.example</a><img src=x>"
    around = {"asks": evil, "agent_words": evil, "notes": [evil], "room": [[evil, evil]]}
    cheat(request_, around=json.dumps(around))
    client = client_of(make_person("owner"))

    for path in (address(request_), "/console/approvals/", "/console/approvals/all/"):
        page = client.get(path).content.decode()
        assert "<script>x" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page
        assert 'href="http://evil' not in page


# --- who decides, and by what ------------------------------------------------------------------


def test_without_the_pages_own_token_nothing_is_decided(request_: ApprovalRequest) -> None:
    owner = make_person("owner")
    client = Client(enforce_csrf_checks=True)
    client.cookies = client_of(owner).cookies
    for verb in ("approve/", "refuse/", "revoke/"):
        said = answer(client, request_, verb, **{"proof-password": PASSWORD})
        assert said.status_code == 403
    assert state_of(request_) == PENDING
    assert not Decision.objects.exists()


def test_nobody_decides_by_another_persons_or_sessions_challenge(request_: ApprovalRequest) -> None:
    owner, key = make_person("owner"), SoftKey()
    client = with_key(owner, key)
    signed = key_answer(client, key, request_, owner)

    for elsewhere in (client_of(owner), client_of(make_person("owner"))):
        assert answer(elsewhere, request_, **{"proof-credential": signed}).status_code == 409
    assert state_of(request_) == PENDING


def test_a_signature_that_was_given_is_given_once(kind: Boxes) -> None:
    owner, key = make_person("owner"), SoftKey()
    client = with_key(owner, key)
    two = ask(now=database_now(), rule="two")
    signed = key_answer(client, key, two, owner)

    assert answer(client, two, **{"proof-credential": signed}).status_code == 200
    assert answer(client, two, **{"proof-credential": signed}).status_code == 403
    assert (Decision.objects.count(), state_of(two)) == (1, PENDING)


def at_once(work: Callable[[int], Any]) -> list[Any]:
    def one(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as many:
        return list(many.map(one, range(4)))


def test_one_code_at_once_for_several_requests_decides_one() -> None:
    client, given = client_of(with_app()), code()
    asked = [ask(now=database_now()) for _ in range(4)]

    def one(number: int) -> None:
        mine = Client()
        mine.cookies = client.cookies
        answer(mine, asked[number], **{"proof-code": given})

    at_once(one)

    assert sorted(map(state_of, asked)) == [APPROVED, PENDING, PENDING, PENDING]


def test_two_tabs_at_once_decide_once(request_: ApprovalRequest, kind: Boxes) -> None:
    client = client_of(make_person("owner"))

    def one(_number: int) -> None:
        mine = Client()
        mine.cookies = client.cookies
        answer(mine, request_, **{"proof-password": PASSWORD})

    at_once(one)

    assert kind.told == [("approved", request_.subject_ref, request_.reference)]
    assert Decision.objects.count() == 1


def test_somebody_demoted_while_the_page_is_open_decides_nothing(request_: ApprovalRequest) -> None:
    owner = make_person("owner")
    client = client_of(owner)
    client.get(address(request_))
    owner.groups.set([Group.objects.get(name="auditor")])

    for verb in ("approve/", "refuse/"):
        assert answer(client, request_, verb, **{"proof-password": PASSWORD}).status_code == 403
    assert state_of(request_) == PENDING


def test_who_asked_decides_nothing_on_the_page_and_after_the_column_was_blanked(
    now: datetime,
) -> None:
    owner = make_person("owner")
    request = ask(now=now, asked_by_id=owner.pk)
    said = answer(client_of(owner), request, **{"proof-password": PASSWORD})
    assert said.status_code == 403

    cheat(request, asked_by_id=None)
    request.refresh_from_db()
    approved(request, owner, now=now)

    assert refusal(request, now=now + HOLD) == "superseded"


# --- what the claim compares -------------------------------------------------------------------


def test_a_signature_that_was_changed_carries_nothing(request_: ApprovalRequest) -> None:
    owner, key = make_person("owner"), SoftKey()
    client = with_key(owner, key)
    for request in (request_, ask(now=database_now())):
        answer(client, request, **{"proof-credential": key_answer(client, key, request, owner)})
    assert state_of(request_) == APPROVED
    of_this, of_another = StepUp.objects.order_by("pk")
    assert request_.not_before is not None

    for change in ({"evidence": of_another.evidence}, {"evidence": None}, {"nonce": "other"}):
        with transaction.atomic():
            cheat(of_this, **change)
            assert refusal(request_, now=request_.not_before) == "no_approver"
            transaction.set_rollback(True)
    with transaction.atomic():
        consume(request_.subject_ref, envelope=ENVELOPE, now=request_.not_before)


@pytest.mark.parametrize("factor", [Factor.PASSWORD, Factor.RECOVERY_CODE])
def test_what_is_too_weak_carries_no_real_money(now: datetime, factor: Factor) -> None:
    owner, live = make_person("owner"), ask(now=now, mode="live")
    with pytest.raises(NotProved):
        approved(live, owner, now=now, factor=factor)

    approved(live, owner, now=now)
    cheat(Decision.objects.get(), factor=factor)
    cheat(StepUp.objects.get(), factor=factor)
    with pytest.raises(CannotUse) as refused, transaction.atomic():
        consume(live.subject_ref, envelope={**ENVELOPE, "mode": "live"}, now=now + HOLD)

    assert refused.value.code == "no_approver"


# --- what verify finds -------------------------------------------------------------------------


def test_why_a_request_was_closed_cannot_be_rewritten(now: datetime) -> None:
    request = ask(now=now)
    with pytest.raises(TooLate):
        approved(request, make_person("owner"), now=now + DAY)
    assert found() == {}
    cheat(request, why_closed=Why.STOPPED)
    assert found()


def test_who_took_an_approval_back_cannot_be_rewritten(now: datetime) -> None:
    request, owner, other = ask(now=now), make_person("owner"), make_person("owner")
    approved(request, owner, now=now)
    revoke(request.reference, person=owner, reason="no", now=now)
    [taken_back] = Revocation.objects.all()
    assert found() == {}
    with transaction.atomic():
        cheat(taken_back, person_id=other.pk)
        assert found()
        transaction.set_rollback(True)
    with rewriting(Revocation):
        QuerySet(Revocation).filter(pk=taken_back.pk).delete()
    assert found()


@pytest.mark.parametrize("part", ["envelope", "shown"])
@pytest.mark.parametrize("change", [{"value": '"x"'}, {"digest": "0" * 64}, {"salt": "0" * 32}])
def test_a_changed_field_is_found(
    request_: ApprovalRequest, part: str, change: dict[str, object]
) -> None:
    field = ApprovalField.objects.filter(request=request_, part=part).first()
    assert field is not None
    assert found() == {}
    cheat(field, **change)
    assert found()


def test_words_that_were_erased_are_no_finding(request_: ApprovalRequest) -> None:
    ApprovalField.objects.filter(request=request_, is_words=True).update(value="", salt="")
    assert found() == {}

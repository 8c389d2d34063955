"""An approval is used once, for exactly the bytes it was given for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction

from approvals.enums import Factor, RequestState
from approvals.models import ApprovalField, ApprovalRequest
from approvals.operations import CannotUse, consume
from approvals.ports import Proof
from approvals.usecases.decide import approve
from kernel.canonical import Canonical
from ledger.queries import compare_rows
from tests.approvals.asking import ENVELOPE, HOLD, TEN_MINUTES, Boxes, ask, boxes, challenge
from tests.factories.people import make_person
from tests.owner import rewriting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        yield kind


@pytest.fixture
def owner() -> User:
    return make_person("owner")


def approved(by: User, *, now: datetime, rule: str = "spend") -> ApprovalRequest:
    request = ask(now=now, rule=rule)
    return approve(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        step_up=challenge(request, by, now=now),
        proof=Proof(factor=Factor.CODE),
        now=now,
    )


def use(request: ApprovalRequest, envelope: Mapping[str, Canonical], *, now: datetime) -> None:
    with transaction.atomic():
        consume(request.subject_ref, envelope=envelope, now=now)


def differences() -> dict[str, int]:
    return dict(compare_rows().counts)


def code_of(request: ApprovalRequest, envelope: Mapping[str, Canonical], *, now: datetime) -> str:
    with pytest.raises(CannotUse) as refused:
        use(request, envelope, now=now)
    return refused.value.code


@pytest.mark.usefixtures("kind")
def test_what_was_approved_is_used_once(owner: User, now: datetime) -> None:
    request = approved(owner, now=now)

    use(request, ENVELOPE, now=now + HOLD)

    request.refresh_from_db()
    assert (request.state, request.closed_at) == (RequestState.CONSUMED, now + HOLD)
    assert code_of(request, ENVELOPE, now=now + HOLD) == "duplicate"


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 4901},
        {"amount_minor": 490},
        {"currency": "EUR"},
        {"payee": "crunch1ine.com"},
        {"provider": "other"},
        {"operation": "box.close"},
        {"mode": "live"},
        {"what": "Head-count figures for four quarters "},
        {"added": "field"},
        {"amount_minor": "4900"},
    ],
)
def test_nothing_else_runs_under_it(
    owner: User, now: datetime, change: dict[str, Canonical]
) -> None:
    request = approved(owner, now=now)

    assert code_of(request, {**ENVELOPE, **change}, now=now + HOLD) == "superseded"

    request.refresh_from_db()
    assert request.state == RequestState.APPROVED
    use(request, ENVELOPE, now=now + HOLD)  # and what was approved still runs


@pytest.mark.usefixtures("kind")
def test_a_field_less_is_something_else(owner: User, now: datetime) -> None:
    request = approved(owner, now=now)
    for name in ENVELOPE:
        fewer = {key: value for key, value in ENVELOPE.items() if key != name}
        if name in ("payee", "amount_minor", "currency", "what"):
            continue  # the presenter itself needs them
        assert code_of(request, fewer, now=now + HOLD) == "superseded"


@pytest.mark.usefixtures("kind")
def test_it_is_used_in_its_time_only(owner: User, now: datetime) -> None:
    request, tick = approved(owner, now=now), timedelta(microseconds=1)

    assert code_of(request, ENVELOPE, now=now + HOLD - tick) == "hold"
    assert code_of(request, ENVELOPE, now=now + HOLD + TEN_MINUTES) == "expired"
    use(request, ENVELOPE, now=now + HOLD + TEN_MINUTES - tick)


@pytest.mark.usefixtures("kind")
def test_what_nobody_decided_is_not_used(now: datetime) -> None:
    assert code_of(ask(now=now), ENVELOPE, now=now + HOLD) == "no_approver"


@pytest.mark.usefixtures("kind")
def test_an_approver_who_lost_the_role_or_left_does_not_count(owner: User, now: datetime) -> None:
    request = approved(owner, now=now)

    owner.groups.set([Group.objects.get(name="operator")])
    assert code_of(request, ENVELOPE, now=now + HOLD) == "no_approver"
    owner.groups.set([Group.objects.get(name="owner")])
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert code_of(request, ENVELOPE, now=now + HOLD) == "no_approver"
    User.objects.filter(pk=owner.pk).update(is_active=True)
    use(request, ENVELOPE, now=now + HOLD)


def test_what_another_version_would_show_otherwise_is_not_used(
    kind: Boxes, owner: User, now: datetime
) -> None:
    request = approved(owner, now=now)
    kind.versions = frozenset({"boxes-2"})
    assert code_of(request, ENVELOPE, now=now + HOLD) == "expired"


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize("part", ["envelope", "shown"])
def test_words_that_were_blanked_cannot_be_compared_so_nothing_runs(
    owner: User, now: datetime, part: str
) -> None:
    request = approved(owner, now=now)
    ApprovalField.objects.filter(request=request, part=part, is_words=True).update(
        value="", salt=""
    )
    assert code_of(request, ENVELOPE, now=now + HOLD) == "superseded"


@pytest.mark.usefixtures("kind")
def test_a_changed_column_is_found_or_keeps_it_from_running(owner: User, now: datetime) -> None:
    request = approved(owner, now=now)
    assert differences() == {}
    later = now + TEN_MINUTES
    changes: list[dict[str, object]] = [
        {"amount_minor": 1},
        {"currency": "EUR"},
        {"subject_ref": "call_other"},
        {"fingerprint": "0" * 64},
        {"shown_digest": "0" * 64},
        {"mode": "live"},
        {"trace_ref": "trc_other"},
        {"opened_at": now - HOLD},
        {"decided_at": later},
        {"not_before": now},
        {"execute_by": later + HOLD + HOLD},
        {"state": RequestState.REVOKED, "closed_at": later},
        {"state": RequestState.EXPIRED, "closed_at": later},
    ]
    for change in changes:
        with transaction.atomic():
            with rewriting(ApprovalRequest):
                ApprovalRequest.objects.filter(pk=request.pk).update(**change)
            assert differences(), change
            transaction.set_rollback(True)
    assert differences() == {}


@pytest.mark.usefixtures("kind")
@pytest.mark.parametrize(
    "change",
    [
        {"rule": "outbound"},
        {"people_needed": 2},
        {"kind": "box2"},
        {"decide_by": datetime(2030, 1, 1, tzinfo=UTC)},
    ],
)
def test_who_decides_and_until_when_is_part_of_what_was_approved(
    kind: Boxes, owner: User, now: datetime, change: dict[str, object]
) -> None:
    request = approved(owner, now=now)
    with boxes("box2"), rewriting(ApprovalRequest):
        ApprovalRequest.objects.filter(pk=request.pk).update(**change)
    with boxes("box2"):
        assert code_of(request, ENVELOPE, now=now + HOLD) == "superseded"

"""An erasure takes the words of requests, closes what is open, and leaves what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import transaction

from approvals.enums import RequestState, Why
from approvals.fields import digest_of
from approvals.models import ApprovalField, ApprovalRequest, Decision
from approvals.operations import erase_words
from approvals.usecases.decide import refuse
from ledger.queries import compare_rows
from tests.approvals.asking import ENVELOPE, Boxes, ask, boxes
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        yield kind


def erased(request: ApprovalRequest, *, now: datetime) -> list[str]:
    with transaction.atomic():
        return erase_words(trace_refs=[request.trace_ref], now=now)


def test_what_is_open_is_closed_and_its_words_are_gone(kind: Boxes, now: datetime) -> None:
    request, other = ask(now=now), ask(now=now)

    assert erased(request, now=now) == [request.reference]
    assert erased(request, now=now) == []

    request.refresh_from_db()
    other.refresh_from_db()
    assert (request.state, request.why_closed) == (RequestState.EXPIRED, Why.SUBJECT_GONE)
    assert (request.around, other.state) == ("", RequestState.PENDING)
    assert "It sells them." in other.around
    assert kind.told == [("expired", request.subject_ref)]
    about = ApprovalField.objects.filter(request=request)
    assert not about.filter(value__contains=str(ENVELOPE["what"])).exists()
    assert about.filter(name="payee", value='"crunchline.com"').exists()
    for part, digest in (("envelope", request.fingerprint), ("shown", request.shown_digest)):
        assert digest_of(about.filter(part=part).values_list("digest", flat=True)) == digest
    assert compare_rows().is_good


@pytest.mark.usefixtures("kind")
def test_what_was_decided_stays_without_its_words(now: datetime) -> None:
    request = ask(now=now)
    refuse(
        request.reference,
        person=make_person("owner"),
        shown_digest=request.shown_digest,
        reason="Ada has these figures herself",
        tells_the_agent=False,
        now=now,
    )

    assert erased(request, now=now) == [request.reference]

    request.refresh_from_db()
    [decision] = Decision.objects.all()
    assert request.state == RequestState.REFUSED
    assert (decision.reason, decision.reason_salt, decision.verdict) == ("", "", "refuse")
    assert len(decision.reason_digest) == 64
    assert compare_rows().is_good

"""Figures against rubber-stamping: who decides how fast, by person and month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from approvals.models import ApprovalRequest, StepUp
from approvals.pictures import HEIGHT, LEAST_BAR, chart_of_months
from approvals.queries.figures import decision_figures, first_month
from kernel.liveness import database_now
from tests.approvals.asking import Boxes, ask, boxes
from tests.approvals.test_decide import approved, refused
from tests.factories.people import client_of, make_person
from tests.owner import rewriting

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/console/approvals/figures/"
DECEMBER = datetime(2026, 12, 15, 12, tzinfo=UTC)


@pytest.fixture
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        yield kind


def decide(by: User, *, at: datetime, asked_s: int, seen_s: int, is_approved: bool = True) -> None:
    """Decide what was asked, and first seen, so many seconds before."""
    request = ask(now=at - timedelta(seconds=asked_s))
    StepUp.objects.create(
        request=request,
        person=by,
        shown_digest=request.shown_digest,
        session_digest="0" * 64,
        nonce="n",
        asked_at=at - timedelta(seconds=seen_s),
    )
    (approved if is_approved else refused)(request, by, now=at)


def test_time_to_decide_haste_and_approvals_are_told_by_person_and_month(kind: Boxes) -> None:
    ada, bob = make_person("owner", email="ada@x.example"), make_person("owner")
    decide(ada, at=DECEMBER, asked_s=100, seen_s=2)
    decide(ada, at=DECEMBER, asked_s=200, seen_s=3)
    decide(ada, at=DECEMBER, asked_s=600, seen_s=60, is_approved=False)
    decide(ada, at=datetime(2026, 11, 30, 23, 59, tzinfo=UTC), asked_s=10, seen_s=1)
    decide(bob, at=DECEMBER, asked_s=50, seen_s=40)
    refused(ask(now=DECEMBER), bob, now=DECEMBER)  # without ever opening its page

    found = decision_figures(now=DECEMBER)

    assert [(each.month, each.who, each.decisions) for each in found] == [
        (date(2026, 12, 1), ada.email, 3),
        (date(2026, 12, 1), bob.email, 2),
        (date(2026, 11, 1), ada.email, 1),
    ]
    of_ada, of_bob, _older = found
    assert (of_ada.approved_share, of_ada.hasty_share) == ("67%", "33%")
    assert (of_ada.since_asked.seconds, of_ada.since_seen.seconds) == (200, 3)
    assert (of_bob.approved_share, of_bob.hasty_share) == ("50%", "50%")


def test_samples_and_what_is_older_than_a_year_are_left_out(kind: Boxes) -> None:
    owner = make_person("owner")
    decide(owner, at=datetime(2025, 12, 31, tzinfo=UTC), asked_s=9, seen_s=9)
    decide(owner, at=DECEMBER, asked_s=9, seen_s=9)
    with rewriting(ApprovalRequest):
        ApprovalRequest.objects.filter(opened_at__gt=first_month(DECEMBER)).update(mode="sample")

    assert first_month(DECEMBER) == datetime(2026, 1, 1, tzinfo=UTC)
    assert decision_figures(now=DECEMBER) == []


def test_the_page_is_for_owners_and_auditors(kind: Boxes) -> None:
    owner = make_person("owner")
    empty = client_of(owner).get(PAGE)
    assert "Nobody decided anything" in empty.content.decode()
    decide(owner, at=database_now(), asked_s=90, seen_s=1)

    for role, status in (("owner", 200), ("auditor", 200), ("operator", 403)):
        assert client_of(make_person(role)).get(PAGE).status_code == status
    page = client_of(owner).get(PAGE)
    assert owner.email in page.content.decode()
    (bar,) = page.context["chart"].bars
    assert bar.says.endswith("1 decided, 1 at sight")
    assert (bar.all_height, bar.hasty_height) == (HEIGHT, HEIGHT)


def test_a_chart_has_a_bar_for_each_month_in_which_somebody_decided() -> None:
    months = [date(2026, n, 1) for n in range(1, 13)]

    assert chart_of_months(months, {}) is None
    chart = chart_of_months(months, {months[0]: (1000, 500), months[11]: (1, 0)})

    assert chart is not None
    assert [(bar.all_height, bar.hasty_height) for bar in chart.bars] == [
        (HEIGHT, HEIGHT / 2), (LEAST_BAR, 0.0),
    ]  # fmt: skip

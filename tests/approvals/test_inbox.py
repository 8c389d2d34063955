"""What waits for whoever looks, what they missed, and what no version knows any more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from approvals.enums import RequestState, Why
from approvals.models import ApprovalRequest
from approvals.usecases.expire_due import expire_due
from approvals.usecases.tell_people import tell_people
from kernel.liveness import database_now
from notices.models import NoticePreference
from tests.approvals.asking import DAY, Boxes, ask, boxes
from tests.approvals.test_request_pages import (
    address,
    answer,
    code,
    kind,
    request_,
    state_of,
    text_of,
    with_app,
)
from tests.factories.people import client_of, make_person
from tests.owner import rewriting

__all__ = ["kind", "request_"]
pytestmark = pytest.mark.django_db(transaction=True)


def inbox(person: User, what: str) -> list[str]:
    return [line.reference for line in client_of(person).get("/console/approvals/").context[what]]


def test_what_was_missed_is_listed_with_its_reason_to_whoever_could_have_decided(
    kind: Boxes,
) -> None:
    now = database_now()
    expired, old = ask(now=now - DAY), ask(now=now - 20 * DAY)
    refused = ask(now=now)
    owner = make_person("owner")
    answer(client_of(owner), refused, "refuse/")
    expire_due(now=now)
    with rewriting(ApprovalRequest):
        ApprovalRequest.objects.filter(pk=old.pk).update(closed_at=now - 15 * DAY)

    assert inbox(owner, "missed") == [expired.reference]
    assert inbox(make_person("operator"), "missed") == []
    page = client_of(owner).get("/console/approvals/").content.decode()
    assert "Nobody decided in time" in page
    assert "Ask again" not in page.split("<tbody>")[1]  # this kind says nowhere how


def test_what_waits_says_payee_room_who_asks_and_why(kind: Boxes) -> None:
    kind.listed_labels = ("Ceiling",)  # type: ignore[misc]  # a class constant elsewhere
    ask(now=database_now())

    text = text_of(client_of(make_person("owner")).get("/console/approvals/"))

    for words in ("Open the box of crunchline.com.", "$49.00 USD", "Ceiling 4900 USD"):
        assert words in text
    assert "run K7F3" in text
    assert text.index("$60.00 → $11.00") < text.index("Written by the agent It sells them.")


def test_a_deadline_is_said_by_my_own_clock_too(kind: Boxes) -> None:
    request, owner = ask(now=datetime(2026, 12, 1, 12, tzinfo=UTC)), make_person("owner")
    NoticePreference.objects.create(user=owner, time_zone="Asia/Tokyo", changed_at=database_now())

    for page in ("/console/approvals/", address(request)):
        assert "2 Dec 2026, 21:00 in Asia/Tokyo" in text_of(client_of(owner).get(page))


def test_where_we_were_late_the_page_says_so(request_: ApprovalRequest) -> None:
    client = client_of(with_app())
    answer(client, request_, **{"proof-code": code()})
    request_.refresh_from_db()
    assert request_.execute_by is not None

    expire_due(now=request_.execute_by)

    text = text_of(client.get(address(request_)))
    assert "We were late: it was approved, and did not run between" in text
    assert "We were late" not in text_of(client.get(address(ask(now=database_now()))))


def test_a_request_of_a_kind_that_is_gone_says_so_everywhere_and_is_decided_by_nobody() -> None:
    owner = with_app()
    with boxes():
        request = ask(now=database_now())
        approved = ask(now=database_now())
        answer(client_of(owner), approved, **{"proof-code": code()})
    client = client_of(owner)

    for page in (address(request), address(approved)):
        text = text_of(client.get(page))
        assert "no longer supports this kind of request" in text
        assert "Open the box of crunchline.com." in text
    assert client.get("/console/approvals/").context["waiting"] == []
    assert request.reference in client.get("/console/approvals/all/").content.decode()
    assert answer(client, request, **{"proof-code": code(1)}).status_code == 403
    answer(client, approved, "revoke/")
    assert (state_of(request), state_of(approved)) == (RequestState.PENDING, RequestState.APPROVED)
    tell_people(now=database_now())
    said = answer(client, request, "refuse/")
    assert "Nothing was changed: it is expired." in text_of(said)
    expire_due(now=database_now() + 2 * DAY)
    assert (state_of(request), state_of(approved)) == (RequestState.EXPIRED, RequestState.EXPIRED)


def test_what_another_version_made_is_closed_with_that_reason(kind: Boxes) -> None:
    now, client = database_now(), client_of(with_app())
    pending, approved = ask(now=now), ask(now=now)
    answer(client, approved, **{"proof-code": code()})

    assert expire_due(now=now) == 0
    kind.versions = frozenset({"boxes-2"})

    assert expire_due(now=now) == 2
    for request in (pending, approved):
        request.refresh_from_db()
        assert (request.state, request.why_closed) == (RequestState.EXPIRED, Why.VERSION_GONE)


def test_a_request_that_cannot_be_closed_holds_up_no_other(kind: Boxes) -> None:
    now = database_now()
    broken, other = ask(now=now - DAY), ask(now=now - DAY)
    kind.breaks_for = broken.subject_ref

    with pytest.raises(RuntimeError, match="broken"):
        expire_due(now=now)

    assert (state_of(broken), state_of(other)) == (RequestState.PENDING, RequestState.EXPIRED)


def test_the_dashboard_and_the_navigation_count_what_waits_for_each(kind: Boxes) -> None:
    now = database_now()
    spend, link = ask(now=now), ask(now=now - DAY / 2, rule="outbound")

    def seen(role: str) -> tuple[list[str], str]:
        page = client_of(make_person(role)).get("/console/")
        groups = {group.url_name: group for group in page.context["board"].waiting}
        group = groups.get("approval-inbox")
        shown = [row.item.reference for row in group.shown] if group else []
        listed = client_of(make_person(role)).get("/console/orders/").content.decode()
        return shown, listed.split('href="/console/approvals/"')[1].split("</a>")[0]

    shown, link_of_owner = seen("owner")
    assert shown == [link.reference, spend.reference]
    assert ">2<" in link_of_owner
    shown, link_of_operator = seen("operator")
    assert shown == [link.reference]
    assert ">1<" in link_of_operator
    shown, link_of_auditor = seen("auditor")
    assert (shown, "count" in link_of_auditor) == ([], False)


def test_a_request_is_found_by_its_reference(kind: Boxes) -> None:
    request = ask(now=database_now())

    found = client_of(make_person("auditor")).get(f"/console/search/?q={request.reference}")

    assert found["Location"] == address(request)

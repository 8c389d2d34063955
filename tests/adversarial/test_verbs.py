"""What somebody of the wrong role posts changes nothing, also where they may open the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from approvals.models import ApprovalRequest, Decision, Revocation
from tests.approvals.asking import Boxes, ask, boxes
from tests.approvals.test_request_pages import answer, state_of
from tests.factories.people import PASSWORD, client_of, make_person
from tests.toolrouter.agents import database_now
from tests.trinity.test_endpoints import GUARDED
from trinity.roles import ROLES

pytestmark = pytest.mark.django_db
# Whoever may read a request is told by its verbs themselves whether they may decide it.
JUDGED_INSIDE = {"approval-approve", "approval-refuse", "approval-revoke", "offer-edit"}
ONES_OWN = {"notice-preferences"}


@pytest.fixture(autouse=True)
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        yield kind


def test_an_auditor_can_post_to_nothing_but_what_judges_inside_or_is_ones_own() -> None:
    client = client_of(make_person("auditor"))
    allowed = [each for each in GUARDED if each.permission in ROLES["auditor"]]

    takes = {each.name for each in allowed if client.post(each.address).status_code != 405}

    assert takes == JUDGED_INSIDE | ONES_OWN
    assert len(allowed) > 20


@pytest.mark.parametrize(("role", "rule"), [("auditor", "outbound"), ("operator", "spend")])
def test_who_may_only_read_a_request_decides_nothing_of_it(role: str, rule: str) -> None:
    client, request = client_of(make_person(role)), ask(now=database_now(), rule=rule)

    for verb in ("approve/", "refuse/", "revoke/"):
        said = answer(client, request, verb, **{"proof-password": PASSWORD, "reason": "x"})
        assert said.status_code in {403, 409}, (verb, said.status_code)

    assert state_of(request) == "pending"
    assert not Decision.objects.exists()
    assert not Revocation.objects.exists()
    assert ApprovalRequest.objects.count() == 1

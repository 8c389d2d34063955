"""What an agent sends beside its token says nothing: no header opens a gate, or names who asks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from approvals.models import ApprovalRequest
from tests.factories.people import make_person
from tests.owner import rewriting
from tests.toolrouter.purchases.shopping import ARGUMENTS, PURCHASE, a_shopper
from tests.trinity.serving.serving import Served, served
from tests.trinity.serving.test_mcp import OLD, post
from toolrouter.models import Grant, Reservation, RunToken, SpendCap, ToolCall

pytestmark = pytest.mark.django_db(transaction=True)
OPENERS = {
    "live_spend": "on",
    "x_live_spend": "true",
    "trinity_mode": "sandbox",
    "x_mode": "sandbox",
    "x_posture": "normal",
    "x_forwarded_user": "owner",
    "x_approved_by": "user:1",
    "x_approval": "apr_x",
    "x_stripe_api_base": "http://127.0.0.1:9",
    "x_run": "K7F3",
    "x_pytest_current_test": "on",
}


@pytest.fixture(scope="module")
def mcp(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("mcp")
    with django_db_blocker.unblock(), served("mcp", folder=folder) as running:
        yield running


def test_no_header_opens_a_gate_or_names_who_asks(mcp: Served) -> None:
    """The run is live, the account's own switch is off, and so is the environment's gate."""
    shopper = a_shopper(make_person("owner"))
    for model in (Grant, SpendCap, RunToken):
        with rewriting(model):
            if hasattr(model, "mode"):
                model._default_manager.update(mode="live")
    call = {"operation": PURCHASE, "arguments": ARGUMENTS, "key": "k"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    asked = json.dumps({**body, "params": {"name": "propose_action", "arguments": call}}).encode()

    said = post(mcp, asked, token=shopper.agent.token, mcp_protocol_version=OLD, **OPENERS).json()

    content = said["result"]["structuredContent"]
    assert content["status"] == "denied", content
    assert "gate_closed" in content["codes"]
    assert ToolCall.objects.get().mode == "live"
    assert not ApprovalRequest.objects.exists()
    assert not Reservation.objects.exists()

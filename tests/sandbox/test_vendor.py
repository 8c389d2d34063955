"""A second vendor beside Stripe: it registers the same things, and nothing else has to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from sandbox.app import VENDORS
from sandbox.control.routes import control_routes
from sandbox.settings import settings_from
from sandbox.state import State
from sandbox.store import Store
from sandbox.vendor import ControlCall, Vendor, merged
from sandbox.webhooks import WebhookSender
from tests.sandbox.post_office import POST_OFFICE
from tests.sandbox.running_sandbox import KEY, SECRET, RunningSandbox, WebhookReceiver


@pytest.fixture(scope="module")
def _two_vendors(
    _session_receiver: WebhookReceiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSandbox]:
    running = RunningSandbox(
        tmp_path_factory.mktemp("two"),
        module="tests.sandbox.post_office",
        webhook_url=f"http://127.0.0.1:{_session_receiver.port}/webhooks",
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def two_vendors(_two_vendors: RunningSandbox) -> RunningSandbox:
    _two_vendors.control("reset")
    return _two_vendors


def send(running: RunningSandbox, text: str) -> httpx.Response:
    return running.browser().post("/post/letters", json={"text": text})


def letters(running: RunningSandbox) -> list[str]:
    found: list[str] = running.browser().get("/post/letters").json()
    return found


def test_its_api_and_stripes_answer_side_by_side(two_vendors: RunningSandbox) -> None:
    assert send(two_vendors, "hello").json() == {"sent": "hello"}
    assert two_vendors.client().products.create({"name": "x"}).name == "x"
    assert letters(two_vendors) == ["hello"]


def test_its_jobs_run_and_its_webhooks_leave_in_its_own_format(
    two_vendors: RunningSandbox, receiver: WebhookReceiver, eventually
) -> None:
    send(two_vendors, "dear")

    (event,) = eventually(lambda: receiver.about("re_dear"))
    assert event == {"type": "letter.answered", "about": "re_dear"}


def test_its_actions_are_calls_of_test_control(two_vendors: RunningSandbox) -> None:
    send(two_vendors, "secret")

    assert two_vendors.control("burn", text="secret") == {"burnt": "secret"}
    assert letters(two_vendors) == []


def test_its_tab_stands_beside_stripes(two_vendors: RunningSandbox) -> None:
    tab = two_vendors.browser().get("/_sandbox/letters").text

    assert 'href="/_sandbox/letters" aria-current="page">Letters</a>' in tab
    assert 'href="/_sandbox/payments">Payments</a>' in tab


def test_faults_bite_it_too(two_vendors: RunningSandbox) -> None:
    two_vendors.control("faults", path="/post/", effect="drop", count=1)

    with pytest.raises(httpx.RemoteProtocolError):
        send(two_vendors, "lost")

    assert letters(two_vendors) == []
    assert send(two_vendors, "found").status_code == 200


def test_a_reset_empties_its_tables_and_prepares_it_again(
    two_vendors: RunningSandbox, receiver: WebhookReceiver, eventually
) -> None:
    send(two_vendors, "old")
    two_vendors.control("reset")

    assert letters(two_vendors) == []
    send(two_vendors, "anew")
    eventually(lambda: receiver.about("re_anew"))


def test_a_bug_of_ours_is_answered_as_the_vendor_whose_path_it_is(
    two_vendors: RunningSandbox,
) -> None:
    answer = two_vendors.browser().get("/post/broken")

    assert (answer.status_code, answer.json()) == (500, {"problem": "the post office is closed"})


def test_two_vendors_cannot_use_one_name() -> None:
    with pytest.raises(LookupError, match="two vendors use the name settle"):
        merged([{"settle": 1, "burn": 2}, {"settle": 3}])


@pytest.mark.parametrize(
    "post_office",
    [
        replace(POST_OFFICE, actions={"refunds": POST_OFFICE.actions["burn"]}),
        replace(POST_OFFICE, calls=[ControlCall(method="POST", name="pay", answer=None)]),
        replace(POST_OFFICE, calls=[ControlCall(method="POST", name="burn", answer=None)]),
    ],
    ids=["two actions", "two calls", "an action and a call"],
)
def test_two_control_calls_cannot_have_one_address(tmp_path: Path, post_office: Vendor) -> None:
    settings = settings_from(
        {"SANDBOX_HOME": str(tmp_path), "SANDBOX_STRIPE_KEY": KEY, "SANDBOX_WEBHOOK_SECRET": SECRET}
    )
    state = State(settings=settings, store=Store(settings.database))
    vendors: Sequence[Vendor] = (*VENDORS, post_office)

    with pytest.raises(LookupError, match=r"one name|use the name"):
        control_routes(state, WebhookSender(state, {}), vendors)

    state.store.close()

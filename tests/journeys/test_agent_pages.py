"""An owner walks through all pages about agents, and an operator tests a provider: axe, 320 px."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.factories.fulfillment import planned_run
from tests.factories.people import PASSWORD, make_person
from tests.journeys.a11y import IN_THE_DARK, ON_A_PHONE, problems, too_small_to_touch
from tests.journeys.browsing import DESK, PHONE, window
from tests.outside import _outside, outside, pages_use_outside
from tests.toolrouter.agents import database_now
from tests.toolrouter.purchases.shopping import a_shopper, buy
from toolrouter.enums import IncidentKind, Scope
from toolrouter.models import Grant
from toolrouter.operations.changes import By
from toolrouter.usecases.make_run_token import make_run_token
from toolrouter.usecases.stop import stop
from toolrouter.usecases.tend_incident import open_incident

__all__ = ["_outside", "outside", "pages_use_outside"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOOKS = [(DESK, False, []), (DESK, True, IN_THE_DARK), (PHONE, False, ON_A_PHONE)]


@pytest.fixture
def base_url(live_server: LiveServer, settings: Settings) -> str:
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def owner() -> User:
    return make_person("owner")


def log_in(page: Page, person: User, *, at: str) -> None:
    page.goto(f"{at}/accounts/login/?next=/console/safety/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/console/safety/")


def prove_again(page: Page) -> None:
    """Give the password once more: it opens the forms that change what agents may do."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/console/**")


def pages_of_agents(owner: User) -> dict[str, str]:
    """Make one of each kind, and return its page."""
    shopper, now = a_shopper(owner), database_now()
    bought, to_buy = shopper.handed_over(), shopper.handed_over(what="A list of dentists")
    buy(bought, owner)
    waits = shopper.ask_for(what="A very long name of something" + " and more" * 12)
    denied = shopper.ask_for(amount_minor=900_000_00, what="A house")
    run = planned_run(now=now)
    make_run_token(run_ref=run.reference, actor_id=owner.pk, now=now)
    by = By(actor_id=owner.pk, reason="It asked for a house")
    stopped = stop(scope=Scope.RUN, ref=run.reference, by=by, now=now).reference
    incident = open_incident(
        kind=IncidentKind.LEGAL, scope=Scope.RUN, ref=run.reference, by=by, now=now
    )
    project = Grant.objects.get(run_ref=run.reference).project_ref
    console = {
        "safety": "safety/",
        "safety history": "safety/history/",
        "posture form": "safety/posture/",
        "settings form": "safety/settings/",
        "cap form": f"safety/caps/run/?ref={run.reference}&mode={run.mode}",
        "stop form": "stop/",
        "stop": f"stops/{stopped}/",
        "release form": f"stops/{stopped}/release/",
        "incidents": "incidents/",
        "legal incident form": "incidents/open/",
        "incident": f"incidents/{incident}/",
        "closing form": f"incidents/{incident}/close/",
        "integrations": "integrations/",
        "attest form": "integrations/manual/attest/",
        "purchases": "purchases/",
        "no purchases": "purchases/?lane=overdue",
        "purchase to make": f"purchases/{to_buy.reference}/",
        "purchase made": f"purchases/{bought.reference}/",
        "request": f"approvals/{waits.approval}/",
        "edit form": f"tool-calls/{waits.action}/edit/",
        "tool calls": "tool-calls/",
        "call": f"tool-calls/{to_buy.call.reference}/",
        "denied call": f"tool-calls/{denied.action}/",
        "why denied": f"tool-calls/{denied.action}/why/",
        "project": f"projects/{project}/",
        "run": f"runs/{run.reference}/",
    }
    return {name: f"/console/{address}" for name, address in console.items()}


@pytest.mark.parametrize(("size", "is_dark", "rules"), LOOKS, ids=["desk", "dark", "phone"])
def test_the_pages_about_agents_hold(
    chromium: Browser,
    base_url: str,
    owner: User,
    size: tuple[int, int],
    is_dark: bool,
    rules: list[str],
) -> None:
    addresses, found = pages_of_agents(owner), []

    with window(chromium, size=size, is_dark=is_dark) as (_, page):
        log_in(page, owner, at=base_url)
        for name, address in addresses.items():
            page.goto(base_url + address)
            if "/reauthenticate/" in page.url:
                prove_again(page)
            assert page.url == base_url + address, name
            found += problems(page, name=name, rules=rules)
            if size == PHONE:
                found += too_small_to_touch(page, name=name)

    assert not found, "\n".join(found)


@pytest.mark.usefixtures("pages_use_outside")
def test_an_operator_tests_stripe_on_a_telephone(chromium: Browser, base_url: str) -> None:
    with window(chromium, size=PHONE, has_javascript=False) as (_, page):
        log_in(page, make_person("operator"), at=base_url)
        page.goto(f"{base_url}/console/integrations/")
        page.get_by_role("button", name="Test Stripe").click()
        page.get_by_text("The result was recorded.").wait_for()
        page.get_by_text("Tested in the sandbox").first.wait_for()

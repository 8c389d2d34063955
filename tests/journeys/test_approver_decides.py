"""Whoever decides: from the mail to the decision on a telephone, and the pages on that way."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from approvals.enums import RequestState
from approvals.models import ApprovalRequest
from approvals.usecases.expire_due import expire_due
from approvals.usecases.tell_people import tell_people
from kernel.liveness import database_now
from tests.approvals.asking import DAY, Boxes, ask, boxes
from tests.approvals.test_figures import decide
from tests.approvals.test_telling import letters
from tests.factories.people import PASSWORD, make_person
from tests.journeys.a11y import IN_THE_DARK, ON_A_PHONE, problems, too_small_to_touch
from tests.journeys.browsing import DESK, PHONE, window
from tests.trinity.test_login import totp_code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SEED = "JBSWY3DPEHPK3PXP"
LOOKS = [(DESK, False, []), (DESK, True, IN_THE_DARK), (PHONE, False, ON_A_PHONE)]


@pytest.fixture
def base_url(live_server: LiveServer, settings: Settings) -> str:
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        kind.listed_labels = ("Ceiling",)  # type: ignore[misc]  # a class constant elsewhere
        yield kind


@pytest.fixture
def owner() -> User:
    return make_person("owner")


def give_password(page: Page, owner: User) -> None:
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


@pytest.mark.parametrize("has_javascript", [True, False])
def test_from_the_mail_through_the_login_to_the_decision_on_a_telephone(
    chromium: Browser, base_url: str, kind: Boxes, owner: User, has_javascript: bool
) -> None:
    TOTP.activate(owner, SEED)
    request = ask(now=database_now())
    tell_people(now=database_now())
    (letter,) = letters(database_now())
    (link,) = re.findall(rf"{base_url}/console/approvals/apr_\S+", letter.text)

    with window(chromium, size=PHONE, has_javascript=has_javascript) as (_, page):
        page.goto(link)
        assert "/accounts/login/" in page.url
        give_password(page, owner)
        page.get_by_label("Code").fill(totp_code(SEED, time.time() - 30))
        page.keyboard.press("Enter")
        page.wait_for_url(link)
        assert "Open the box of crunchline.com." in page.inner_text("main")
        page.get_by_label("Code from your app").fill(totp_code(SEED, time.time()))
        page.get_by_role("button", name="Approve $49.00 USD").click()
        page.get_by_text("Approved.", exact=True).wait_for()
        page.go_back()
        page.goto(link)

    request.refresh_from_db()
    assert request.state == RequestState.APPROVED


@pytest.mark.parametrize(("size", "is_dark", "rules"), LOOKS, ids=["desk", "dark", "phone"])
def test_the_pages_of_whoever_decides_hold(
    chromium: Browser,
    base_url: str,
    kind: Boxes,
    owner: User,
    size: tuple[int, int],
    is_dark: bool,
    rules: list[str],
) -> None:
    now = database_now()
    waits, missed = ask(now=now), ask(now=now - DAY)
    decide(owner, at=now - timedelta(seconds=1), asked_s=90, seen_s=1)
    decide(owner, at=now - timedelta(days=40), asked_s=9_000, seen_s=60, is_approved=False)
    expire_due(now=now)
    kind.again_url_name = "ask-again"  # type: ignore[misc]  # a class constant elsewhere
    found = []

    with window(chromium, size=size, is_dark=is_dark) as (_, page):
        page.goto(f"{base_url}/accounts/login/?next=/console/approvals/")
        give_password(page, owner)
        page.wait_for_url("**/console/approvals/")
        for name, address in {
            "inbox": "/console/approvals/",
            "request": f"/console/approvals/{waits.reference}/",
            "missed request": f"/console/approvals/{missed.reference}/",
            "all requests": "/console/approvals/all/",
            "figures": "/console/approvals/figures/",
            "notices": "/console/notices/",
            "dashboard": "/console/",
        }.items():
            page.goto(base_url + address)
            found += problems(page, name=name, rules=rules)
            if size == PHONE:
                found += too_small_to_touch(page, name=name)
    assert found == []
    assert ApprovalRequest.objects.get(pk=waits.pk).state == RequestState.PENDING


def test_what_i_want_to_hear_is_chosen_by_keyboard(
    chromium: Browser, base_url: str, owner: User
) -> None:
    with window(chromium, size=PHONE, has_javascript=False) as (_, page):
        page.goto(f"{base_url}/accounts/login/?next=/console/notices/")
        give_password(page, owner)
        page.wait_for_url("**/console/notices/")
        page.get_by_label("a reminder of what still waits").press("Space")
        page.get_by_label("Time zone").select_option("Europe/Berlin")
        page.get_by_label("No reminders from").fill("22:00")
        page.get_by_label("No reminders until").fill("07:00")
        page.get_by_role("button", name="Save").press("Enter")
        page.get_by_text("Saved.").wait_for()
        assert page.get_by_label("Time zone").input_value() == "Europe/Berlin"
        assert not page.get_by_label("a reminder of what still waits").is_checked()

"""Logging in and the team's own pages, in a real browser."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from tests.factories.orders import OrderFactory
from tests.factories.people import PASSWORD, make_person
from tests.journeys.a11y import IN_THE_DARK, ON_A_PHONE, axe_problems, problems
from tests.journeys.browsing import DESK, PHONE, window
from tests.trinity.test_login import DEAD_REDIS, totp_code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STRANGERS = [
    "/accounts/login/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-nonsense/",
    "/accounts/signup/",
    "/accounts/inactive/",
]
MEMBERS = [
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/webauthn/",
]
CONFIRMED = [
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/console/people/",
    "/console/people/invite/",
]
SEED = "JBSWY3DPEHPK3PXP"
LOOKS = [(DESK, False, []), (DESK, True, IN_THE_DARK), (PHONE, False, ON_A_PHONE)]
LOOK_NAMES = ["desk", "dark", "phone"]


@pytest.fixture(autouse=True)
def base_url(live_server: LiveServer) -> str:
    return live_server.url


def log_in(page: Page, base_url: str, user: User) -> None:
    page.goto(f"{base_url}/accounts/login/?next=/accounts/2fa/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


def confirm(page: Page, base_url: str) -> None:
    page.goto(f"{base_url}/accounts/reauthenticate/?next=/accounts/2fa/")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/accounts/2fa/")


def add_virtual_authenticator(context: BrowserContext, page: Page) -> None:
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


@pytest.mark.parametrize(("size", "is_dark", "rules"), LOOKS, ids=LOOK_NAMES)
def test_pages_on_the_way_in_hold(
    chromium: Browser, base_url: str, size: tuple[int, int], is_dark: bool, rules: list[str]
) -> None:
    found = []
    with window(chromium, size=size, is_dark=is_dark) as (_, page):
        for address in STRANGERS:
            page.goto(base_url + address)
            found += problems(page, rules=rules)
        page.goto(base_url + "/accounts/login/")
        page.get_by_label("E-mail").fill("ada@example.com")
        page.get_by_label("Password").fill("wrong wrong wrong")
        page.get_by_role("button", name="Log in", exact=True).click()
        page.get_by_text("You are not logged in yet.").wait_for()
        found += problems(page, rules=rules, name="login with an error")
    assert found == []


@pytest.mark.parametrize(("size", "is_dark", "rules"), LOOKS, ids=LOOK_NAMES)
def test_pages_of_a_member_hold(
    chromium: Browser, base_url: str, size: tuple[int, int], is_dark: bool, rules: list[str]
) -> None:
    owner, other = make_person("owner"), make_person("operator")
    found = []
    with window(chromium, size=size, is_dark=is_dark) as (_, page):
        log_in(page, base_url, owner)
        for address in MEMBERS:
            page.goto(base_url + address)
            found += problems(page, rules=rules)
        confirm(page, base_url)
        for address in [*CONFIRMED, f"/console/people/{other.pk}/", f"/console/people/{owner.pk}/"]:
            page.goto(base_url + address)
            found += problems(page, rules=rules)
        page.goto(base_url + "/console/people/invite/")
        page.locator("main form").evaluate("form => { form.noValidate = true }")
        page.get_by_role("button", name="Send the invitation").click()
        page.get_by_text("Nobody was invited yet.").wait_for()
        found += problems(page, rules=rules, name="invitation with errors")
    assert found == []


@pytest.mark.parametrize(("size", "is_dark", "rules"), LOOKS, ids=LOOK_NAMES)
def test_pages_about_second_factors_hold(
    chromium: Browser, base_url: str, size: tuple[int, int], is_dark: bool, rules: list[str]
) -> None:
    owner = make_person("owner")
    TOTP.activate(owner, SEED)
    codes = RecoveryCodes.activate(owner).get_unused_codes()
    found = []
    with window(chromium, size=size, is_dark=is_dark) as (_, page):
        log_in(page, base_url, owner)
        page.get_by_role("heading", name="One more step").wait_for()
        found += problems(page, rules=rules)
        page.get_by_label("Code").fill(codes[0])
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="My account").wait_for()
        found += problems(page, rules=rules)
        page.goto(f"{base_url}/accounts/reauthenticate/?next=/accounts/2fa/")
        found += problems(page, rules=rules)
        page.get_by_label("Code").fill(codes[1])
        page.get_by_role("button", name="Confirm with this code").click()
        for address in ("recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"):
            page.goto(f"{base_url}/accounts/2fa/{address}")
            found += problems(page, rules=rules)
    assert found == []


def test_errors_hold(chromium: Browser, base_url: str) -> None:
    found = []
    with window(chromium, expects_status=[403, 404, 503]) as (context, page):
        page.goto(base_url + "/nothing/here/")
        found += problems(page, name="404")
        log_in(page, base_url, make_person("auditor"))
        page.goto(base_url + "/console/people/")
        page.get_by_role("heading", name="You don’t have access to this page").wait_for()
        found += problems(page, name="403")
        page.goto(base_url + "/console/nothing/")
        found += problems(page, name="404 in the console")
        context.clear_cookies()
        page.goto(base_url + "/accounts/login/")
        page.get_by_label("E-mail").fill("ada@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        context.clear_cookies()
        page.get_by_role("button", name="Log in", exact=True).click()
        page.get_by_role("heading", name="This form has expired").wait_for()
        found += problems(page, name="403 of a form")
        page.goto(base_url + "/accounts/login/")
        page.get_by_label("E-mail").fill("ada@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        with override_settings(CACHES=DEAD_REDIS):
            page.get_by_role("button", name="Log in", exact=True).click()
            page.get_by_role("heading", name="We cannot do this just now").wait_for()
        found += problems(page, name="503")
    assert found == []


def test_a_passkey_is_made_renamed_used_and_removed(chromium: Browser, base_url: str) -> None:
    owner = make_person("owner")
    with window(chromium) as (context, page):
        add_virtual_authenticator(context, page)
        log_in(page, base_url, owner)
        confirm(page, base_url)
        page.get_by_role("link", name="Add a key").click()
        page.get_by_label("Name of this key").fill("My laptop")
        page.get_by_role("button", name="Make the key").click()
        page.get_by_role("heading", name="Your recovery codes").wait_for()

        page.goto(base_url + "/accounts/2fa/webauthn/")
        assert page.get_by_role("row", name="My laptop").get_by_text("Passkey").is_visible()
        assert problems(page) == []
        page.get_by_role("link", name="Rename My laptop").click()
        assert problems(page) == []
        page.get_by_label("Name").fill("Old laptop")
        page.get_by_role("button", name="Save this name").click()

        page.get_by_role("button", name="Log out").click()
        page.get_by_role("button", name="Log in with a passkey").click()
        page.wait_for_url("**/console/**")
        page.goto(base_url + "/accounts/2fa/webauthn/")
        page.get_by_role("link", name="Remove Old laptop").click()
        assert page.get_by_label("Your password").count() == 0
        page.get_by_role("button", name="Use my passkey or security key").click()
        page.get_by_role("button", name="Remove this key").wait_for()
        assert problems(page) == []
        page.get_by_role("button", name="Remove this key").click()
        page.get_by_role("heading", name="You have no key yet").wait_for()
    assert not Authenticator.objects.filter(user=owner).exists()


def test_a_key_beside_the_password_is_asked_for_and_confirms(
    chromium: Browser, base_url: str
) -> None:
    owner = make_person("owner")
    with window(chromium) as (context, page):
        add_virtual_authenticator(context, page)
        log_in(page, base_url, owner)
        confirm(page, base_url)
        page.goto(base_url + "/accounts/2fa/webauthn/add/")
        page.get_by_label("Let this key log me in by itself").uncheck()
        page.get_by_role("button", name="Make the key").click()
        page.get_by_role("heading", name="Your recovery codes").wait_for()
        page.get_by_role("button", name="Log out").click()

        log_in(page, base_url, owner)
        page.get_by_role("button", name="Use my passkey or security key").click()
        page.get_by_role("heading", name="My account").wait_for()
        page.goto(base_url + "/accounts/reauthenticate/?next=/accounts/sessions/")
        assert problems(page) == []
        page.get_by_role("button", name="Use my passkey or security key").click()
        page.get_by_role("heading", name="Where you are logged in").wait_for()


@pytest.mark.parametrize(("size", "is_dark", "rules"), LOOKS, ids=LOOK_NAMES)
def test_a_form_that_took_too_long_is_shown_again_and_sent_by_its_sender(
    chromium: Browser, base_url: str, size: tuple[int, int], is_dark: bool, rules: list[str]
) -> None:
    owner, other = make_person("owner"), make_person("operator")
    TOTP.activate(owner, SEED)
    codes = RecoveryCodes.activate(owner).get_unused_codes()
    found = []
    with window(chromium, size=size, is_dark=is_dark) as (_, page):
        log_in(page, base_url, owner)
        page.get_by_label("Code").fill(codes[0])
        page.get_by_role("button", name="Log in").click()
        page.goto(f"{base_url}/console/people/{other.pk}/")
        page.get_by_role("radio", name="Auditor").check()
        page.get_by_role("button", name="Change the role").click()
        found += problems(page, rules=rules, name="asked for a proof")
        page.get_by_label("Code").fill("000000")
        page.get_by_role("button", name="Confirm with this code").click()
        page.get_by_text("Not confirmed yet.").wait_for()
        found += problems(page, rules=rules, name="asked again")
        page.get_by_label("Code").fill(totp_code(SEED, time.time()))
        page.get_by_role("button", name="Confirm with this code").click()
        page.get_by_role("heading", name=f"Change the role of {other.email}?").wait_for()
        found += problems(page, rules=rules, name="shown and not sent")
        assert [group.name for group in other.groups.all()] == ["operator"]
        page.get_by_role("button", name="Change the role").click()
        page.get_by_text(f"{other.email} is now auditor.").wait_for()
    assert found == []
    assert [group.name for group in other.groups.all()] == ["auditor"]


def test_a_passkey_at_the_wrong_address_says_what_to_do(chromium: Browser, base_url: str) -> None:
    with window(chromium) as (context, page):
        add_virtual_authenticator(context, page)
        page.goto(base_url.replace("localhost", "127.0.0.1") + "/accounts/login/")
        page.get_by_role("button", name="Log in with a passkey").click()
        page.get_by_text("Open the site by the name it was set up for").wait_for()


def test_the_menu_opens_by_keyboard_on_a_phone_without_javascript(
    chromium: Browser, base_url: str
) -> None:
    with window(chromium, size=PHONE, has_javascript=False) as (_, page):
        log_in(page, base_url, make_person("owner"))
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        people = page.get_by_role("navigation", name="Console menu").get_by_role(
            "link", name="People"
        )
        people.click()
        page.get_by_role("heading", name="People").wait_for()


def test_the_admin_breaks_no_policy(chromium: Browser, base_url: str) -> None:
    owner = make_person("owner")
    with window(chromium) as (_, page):
        page.goto(base_url + "/admin/")
        page.get_by_label("E-mail").fill(owner.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        for address in (
            "",
            "auth/user/",
            f"auth/user/{owner.pk}/change/",
            "auth/group/",
            "auth/group/1/change/",
        ):
            page.goto(f"{base_url}/admin/{address}")
            assert page.get_by_role("link", name="Trinity admin").is_visible()


def test_the_admin_can_be_read_in_the_dark_and_hides_no_column(
    chromium: Browser, base_url: str
) -> None:
    owner = make_person("owner")
    order = OrderFactory()
    for is_dark in (False, True):
        with window(chromium, is_dark=is_dark) as (_, page):
            log_in(page, base_url, owner)
            found = []
            for address in (
                "",
                "revenue/order/",
                "revenue/order/?state=paid",
                f"revenue/order/{order.pk}/change/",
                "auth/user/",
            ):
                page.goto(f"{base_url}/admin/{address}")
                found += [f"{address}: {each}" for each in axe_problems(page, rules=IN_THE_DARK)]
            assert found == []
            page.goto(f"{base_url}/admin/revenue/order/")
            results = page.locator(".results")
            assert results.evaluate("each => each.scrollWidth <= each.clientWidth")

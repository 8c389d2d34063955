"""Pages for things that went wrong: what happened, what did not, what to do; nothing leaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.factories.people import client_of, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.trinity.failing_urls")]

TITLES = {
    "400": "This request could not be understood",
    "403": "You don’t have access to this page",
    "404": "Page not found",
    "500": "Something broke on our side",
    "503": "We cannot do this just now",
}


@pytest.mark.parametrize(("status", "title"), TITLES.items())
def test_each_failure_has_a_page_in_words(status: str, title: str) -> None:
    client = Client(raise_request_exception=False)

    answer = client.get(f"/fail/{status}/")

    page = answer.content.decode()
    assert answer.status_code == int(status)
    assert f"<h1>{title}" in page
    assert f"<title>{title}" in page
    assert "ada@example.com" not in page
    assert "Traceback" not in page


def test_in_the_console_a_failure_stays_in_the_console() -> None:
    client = client_of(make_person("owner"))

    page = client.get("/console/fail/404/").content.decode()

    assert 'aria-label="Console"' in page
    assert 'href="/console/">Dashboard' in page


@pytest.mark.parametrize("status", ["500", "503"])
def test_the_barest_page_still_says_who_sells_and_in_which_mode(
    status: str, settings: Settings
) -> None:
    page = Client(raise_request_exception=False).get(f"/fail/{status}/").content.decode()

    assert settings.SELLER_NAME in page
    assert f"mailto:{settings.SELLER_CONTACT}" in page
    assert 'class="mode sandbox"' in page
    assert 'href="/">Front page' in page


def test_a_break_in_the_console_leads_back_there_and_tells_nobody_about_paying() -> None:
    client = Client(raise_request_exception=False)

    page = client.get("/console/fail/500/").content.decode()

    assert 'href="/console/">Dashboard' in page
    assert "paying" not in page
    assert 'href="/"' not in page


def test_a_stranger_sees_no_console_around_a_failure() -> None:
    page = Client().get("/console/fail/404/").content.decode()

    assert 'aria-label="Console"' not in page


def test_a_form_without_its_key_says_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x"})

    assert (answer.status_code, "This form has expired" in answer.content.decode()) == (403, True)


def test_a_page_for_one_person_is_kept_by_nobody() -> None:
    client = client_of(make_person("owner"))

    assert "no-store" in client.get("/accounts/2fa/")["Cache-Control"]
    assert "no-store" in client.get("/console/people/")["Cache-Control"]


@pytest.mark.parametrize("address", ["/fail/404/", "/accounts/login/", "/fail/500/"])
def test_the_policy_of_the_content_is_on_every_answer(address: str) -> None:
    client = Client(raise_request_exception=False)

    policy = client.get(address)["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (Client.get, "Nothing was changed, and nothing was charged."),
        (Client.post, "Whether what you sent was saved is not known."),
    ],
)
def test_a_database_that_is_away_is_no_fault_of_ours(
    ask: Callable[..., HttpResponse], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(Client(), "/fail/away/")

    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "<h1>We cannot do this just now</h1>" in page
    assert said in page
    assert "ada@example.com" not in page + caplog.text
    assert "Traceback" not in caplog.text


def test_a_database_that_refused_a_statement_is_not_away() -> None:
    assert Client(raise_request_exception=False).get("/fail/locked/").status_code == 500

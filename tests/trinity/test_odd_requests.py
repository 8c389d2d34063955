"""Requests that no browser sends: an answer, and never a 500."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings

from tests.factories.people import PASSWORD, make_person

pytestmark = pytest.mark.django_db
NAMES = (
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.KNOWN_BROWSER_COOKIE_NAME,
    "messages", "trinity", "any",
)  # fmt: skip
VALUES = (
    "\0", '"\\000"', "a\0b" * 20, '"abcdefgh\\000ijkl"', "\x7f" * 40, "%00", "\xff\xfe" * 20,
    "\udcff" * 3, "x" * 60_000, '"\\377\\376"', "=" * 40, ";;;", "\x85" * 12,
)  # fmt: skip
PAGES = ("/", "/accounts/login/", "/console/", "/o/nonsense/", "/accounts/2fa/")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize("name", NAMES)
def test_no_cookie_breaks_a_page(name: str, value: str) -> None:
    raw = f"{name}={value}".encode("utf-8", "surrogateescape").decode("latin-1")
    client = Client(HTTP_COOKIE=raw)

    codes = {client.get(page).status_code for page in PAGES}

    assert codes <= {200, 302, 404}


def test_a_good_cookie_survives_a_bad_one() -> None:
    client = Client()
    client.force_login(make_person("owner"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    raw = f'any="\\000"; {settings.SESSION_COOKIE_NAME}={session}'

    assert Client(HTTP_COOKIE=raw).get("/console/").status_code == 200


@pytest.mark.parametrize(
    "query", ["%", "%zz", "q=%ff%fe", "%ed%a0%80=1", "q=%c0%80", "next=%ff", "a=1&" * 20]
)
def test_no_query_breaks_a_page(query: str) -> None:
    codes = {Client().get(f"{page}?{query}").status_code for page in PAGES}

    assert codes <= {200, 302, 404}


@pytest.mark.parametrize(
    "header",
    [
        {"referer": "http://[::"}, {"referer": "\xff\xfe"}, {"accept": "\xff,*/*;q=x"},
        {"accept-language": "\xff" * 100}, {"user-agent": "\xff" * 4000},
        {"x-forwarded-proto": "\xff"}, {"hx-request": "\xff"}, {"x-request-id": "\0\xff"},
        {"hx-current-url": "%ff%00"}, {"origin": "\xff"}, {"if-modified-since": "\xff"},
    ],
    ids=str,
)  # fmt: skip
def test_no_header_breaks_a_page(header: dict[str, str]) -> None:
    codes = {Client(headers=header).get(page).status_code for page in PAGES}

    assert codes <= {200, 302, 404}


@pytest.mark.parametrize("hop", ["unknown", "203.0.113.7:5678", "\xff", "", "a" * 300, "1.2.3"])
def test_a_proxy_that_names_no_address_does_not_break_the_login(hop: str) -> None:
    user: User = make_person("operator")
    client = Client(headers={"x-forwarded-for": hop})

    with override_settings(TRUSTED_PROXY_COUNT=1):
        form = {"login": user.email, "password": PASSWORD}
        answer = client.post("/accounts/login/", form)

    assert (answer.status_code, "_auth_user_id" in client.session) == (302, True)


@pytest.mark.parametrize("path", ["/%00", "/%ff%fe/", "/%ed%a0%80/", "/offers/%ff/", "/%25%30%30"])
def test_no_path_breaks_a_page(path: str) -> None:
    assert Client().get(path).status_code == 404


WORD = "unlikely-4f9c"
KEY = "k" * 32


@pytest.mark.parametrize(
    ("header", "form", "status", "reason"),
    [
        ({"origin": f"http://{WORD}.example"}, {}, 403, "Origin checking failed"),
        ({"origin": f"http://[{WORD}"}, {}, 403, "Origin checking failed"),
        ({}, {WORD: "", **{str(n): "" for n in range(210)}}, 400, "TooManyFieldsSent"),
    ],
    ids=["another site", "no address", "too many fields"],
)
def test_a_refused_form_leaves_no_word_of_its_sender_in_the_log(
    header: dict[str, str],
    form: dict[str, str],
    status: int,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Client(enforce_csrf_checks=True, headers=header)
    client.cookies[settings.CSRF_COOKIE_NAME] = KEY

    body = urlencode({"csrfmiddlewaretoken": KEY, **form})
    answer = client.post("/order-link/", body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == status
    records = [vars(record) for record in caplog.records]
    assert reason in str(records)
    assert WORD not in caplog.text
    assert "Traceback" not in caplog.text


def test_a_way_back_that_nobody_can_read_leads_nowhere() -> None:
    assert Client().get("/accounts/login/?next=http://[").status_code == 200

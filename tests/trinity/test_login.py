"""Logging in: who gets in, who does not, and what happens when the counter is gone."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from urllib.parse import urlsplit

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client, override_settings
from redis import Redis

from notices.models import OutgoingMail
from notices.tasks import send_mails
from tests.factories.people import PASSWORD, client_of, log_in, make_person

pytestmark = pytest.mark.django_db

DEAD_REDIS = {
    "default": {
        "BACKEND": "kernel.caching.JsonRedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
    }
}


def totp_code(secret: str, at_s: float) -> str:
    """RFC 6238, six digits, thirty seconds."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(at_s) // 30), "sha1")
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def sent() -> list[mail.EmailMessage]:
    """Return what was mailed, when all that is queued has left."""
    send_mails()
    return mail.outbox


def link_in(message: mail.EmailMessage) -> str:
    found = re.search(r"https?://\S+/accounts/password/reset/key/\S+", str(message.body))
    assert found, message.body
    return found[0]


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_address_and_password_open_the_console(client: Client) -> None:
    user = make_person("operator")

    answer = client.post("/accounts/login/", {"login": user.email.upper(), "password": PASSWORD})

    assert (answer.status_code, is_logged_in(client)) == (302, True)


def test_a_wrong_password_says_the_same_as_a_wrong_address(client: Client) -> None:
    user = make_person("operator")
    answers = [
        client.post("/accounts/login/", {"login": login, "password": "wrong wrong wrong"})
        for login in (user.email, "stranger@example.com")
    ]

    pages = [
        re.sub(r'csrfmiddlewaretoken" value="\w+"|value="\S+@example.com"', "", a.content.decode())
        for a in answers
    ]
    assert pages[0] == pages[1]
    assert "You are not logged in yet." in pages[0]


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_signs_up(client: Client, method: str) -> None:
    form = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}

    answer = getattr(client, method)("/accounts/signup/", form)

    assert "Accounts are made by invitation" in answer.content.decode()
    assert not is_logged_in(client)


def test_a_closed_account_is_told_so_after_the_right_password(client: Client) -> None:
    user = make_person("operator")
    user.is_active = False
    user.save()

    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/inactive/")
    assert not is_logged_in(client)


def test_too_many_wrong_passwords_close_the_account_for_a_while(client: Client) -> None:
    user = make_person("operator")
    for _ in range(5):
        client.post("/accounts/login/", {"login": user.email, "password": "wrong wrong wrong"})

    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    assert not is_logged_in(client)


def test_a_page_says_that_there_were_too_many_tries() -> None:
    changing = client_of(make_person("operator"))
    for _ in range(5):
        changing.post("/accounts/password/change/", {})

    answer = changing.post("/accounts/password/change/", {})

    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/accounts/login/", {"login": "EMAIL", "password": PASSWORD}),
        ("/accounts/password/reset/", {"email": "EMAIL"}),
    ],
)
def test_with_redis_down_the_doors_stay_shut(
    client: Client, address: str, form: dict[str, str]
) -> None:
    user = make_person("owner")
    filled = {name: user.email if value == "EMAIL" else value for name, value in form.items()}

    with override_settings(CACHES=DEAD_REDIS):
        answer = client.post(address, filled)

    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "We cannot do this just now" in answer.content.decode()
    assert (is_logged_in(client), sent()) == (False, [])


def test_with_redis_down_the_second_factor_stays_shut(client: Client) -> None:
    user = make_person("owner")
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    with override_settings(CACHES=DEAD_REDIS):
        answer = client.post(
            "/accounts/2fa/authenticate/", {"code": totp_code(secret, time.time())}
        )

    assert (answer.status_code, is_logged_in(client)) == (503, False)


def test_with_redis_down_a_fresh_confirmation_is_refused() -> None:
    client = client_of(make_person("owner"))

    with override_settings(CACHES=DEAD_REDIS):
        answer = client.post("/accounts/reauthenticate/", {"proof-password": PASSWORD})

    assert answer.status_code == 503


def test_limits_are_counted_in_redis_for_all_workers(client: Client) -> None:
    client.post("/accounts/login/", {"login": "a@example.com", "password": "wrong wrong wrong"})

    found = Redis.from_url(settings.REDIS_URL).scan_iter("trinity-json:*")

    assert any("limit:login:pair:" in key.decode() for key in found)


def test_the_code_of_the_app_is_asked_for_and_opens(client: Client) -> None:
    user = make_person("owner")
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(user, secret)

    first = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert (first["Location"], is_logged_in(client)) == ("/accounts/2fa/authenticate/", False)
    client.post("/accounts/2fa/authenticate/", {"code": totp_code(secret, time.time())})

    assert is_logged_in(client)


def test_a_recovery_code_opens_once(client: Client) -> None:
    user = make_person("owner")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    code = RecoveryCodes.activate(user).get_unused_codes()[0]

    opened = []
    for _ in range(2):
        other = Client()
        other.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        other.post("/accounts/2fa/authenticate/", {"code": code})
        opened.append(is_logged_in(other))

    assert opened == [True, False]


def test_seeds_of_second_factors_lie_encrypted_in_the_database() -> None:
    user = make_person("owner")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")

    row = Authenticator.objects.get(user=user)

    assert "JBSWY3DPEHPK3PXP" not in str(row.data)
    assert row.wrap().validate_code(totp_code("JBSWY3DPEHPK3PXP", time.time()))


def test_setting_up_the_app_needs_a_fresh_login() -> None:
    user = make_person("owner")

    stale = client_of(user).get("/accounts/2fa/totp/activate/")
    fresh = client_of(user, is_fresh=True).get("/accounts/2fa/totp/activate/")

    assert (stale.status_code, urlsplit(stale["Location"]).path) == (
        302, "/accounts/reauthenticate/",
    )  # fmt: skip
    assert fresh.status_code == 200


def test_a_picture_from_the_page_itself_is_allowed_on_the_app_page_only() -> None:
    client = client_of(make_person("owner"), is_fresh=True)

    with_code = client.get("/accounts/2fa/totp/activate/")["Content-Security-Policy"]
    without = client.get("/accounts/2fa/")["Content-Security-Policy"]

    assert "img-src 'self' data:" in with_code
    assert "data:" not in without


def test_a_reset_link_works_once_and_ends_other_sessions(client: Client) -> None:
    user = make_person("operator")
    elsewhere = Client()
    log_in(elsewhere, user)
    client.post("/accounts/password/reset/", {"email": user.email})
    link = urlsplit(link_in(sent()[0])).path
    page = client.get(link, follow=True)

    chosen = {"password1": "another horse battery", "password2": "another horse battery"}
    client.post(page.redirect_chain[-1][0], chosen)

    again = Client().get(link, follow=True).content.decode()
    assert "This link does not work any more" in again
    assert elsewhere.get("/accounts/2fa/").status_code == 302
    log_in(Client(), user, "another horse battery")


def test_a_reset_for_a_stranger_looks_the_same_and_sends_nothing(client: Client) -> None:
    answer = client.post("/accounts/password/reset/", {"email": "stranger@example.com"})

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/password/reset/done/")
    assert sent() == []


def test_a_forged_host_never_reaches_the_mail(client: Client) -> None:
    user = make_person("operator")

    with override_settings(ALLOWED_HOSTS=["*"], BASE_URL="https://trinity.example"):
        client.post(
            "/accounts/password/reset/", {"email": user.email}, headers={"host": "evil.example"}
        )
        sent()

    assert urlsplit(link_in(sent()[0])).netloc == "trinity.example"
    assert "evil" not in str(sent()[0].message())


def test_a_slow_mail_server_does_not_tell_who_exists(client: Client) -> None:
    """The page calls none: the mail is queued while it is answered."""
    user = make_person("operator")

    answer = client.post("/accounts/password/reset/", {"email": user.email})

    assert (answer.status_code, mail.outbox) == (302, [])
    assert [message.to for message in sent()] == [[user.email]]


def test_a_mail_server_that_is_down_does_not_tell_who_exists(client: Client) -> None:
    user = make_person("operator")
    broken = {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 1,
    }  # fmt: skip

    with override_settings(**broken):
        answer = client.post("/accounts/password/reset/", {"email": user.email})
        send_mails()

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/password/reset/done/")
    mail_row = OutgoingMail.objects.get()
    assert (mail_row.state, mail_row.error_class) == ("queued", "ConnectionRefusedError")


def test_the_other_sessions_can_be_ended_by_who_proves_who_they_are(client: Client) -> None:
    user = make_person("operator")
    elsewhere = Client()
    log_in(elsewhere, user)
    log_in(client, user)

    client.post("/accounts/sessions/")
    assert elsewhere.get("/accounts/2fa/").status_code == 200
    client.post("/accounts/reauthenticate/", {"proof-password": PASSWORD})
    client.post("/accounts/sessions/")

    assert (is_logged_in(client), elsewhere.get("/accounts/2fa/").status_code) == (True, 302)
    assert UserSession.objects.filter(user=user).count() == 1


def test_a_changed_password_is_told_to_its_owner() -> None:
    user = make_person("operator")
    client = client_of(user)

    client.post(
        "/accounts/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "another horse battery",
            "password2": "another horse battery",
        },
    )

    assert [(m.subject, m.to) for m in sent()] == [
        ("[sandbox: no real money] Your Trinity password was changed", [user.email])
    ]


def test_the_admin_logs_in_through_the_one_door(client: Client) -> None:
    answer = client.get("/admin/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/admin/")
    assert client.get(answer["Location"])["Location"].startswith("/accounts/login/?next=")
    assert client.post("/admin/login/?next=/admin/", {"username": "x", "password": "y"})[
        "Location"
    ].startswith("/accounts/login/")


def test_behind_trusted_proxies_the_visitor_counts_not_the_proxy(client: Client) -> None:
    user = make_person("operator")

    with override_settings(TRUSTED_PROXY_COUNT=1):
        client.post(
            "/accounts/login/",
            {"login": user.email, "password": PASSWORD},
            headers={"x-forwarded-for": "6.6.6.6, 203.0.113.7"},
        )

    assert UserSession.objects.get(user=user).ip == "203.0.113.7"


def test_without_trusted_proxies_the_header_is_not_believed(client: Client) -> None:
    user = make_person("operator")

    client.post(
        "/accounts/login/",
        {"login": user.email, "password": PASSWORD},
        headers={"x-forwarded-for": "203.0.113.7"},
    )

    assert UserSession.objects.get(user=user).ip == "127.0.0.1"


def test_a_new_password_opens_no_account_that_was_closed_meanwhile() -> None:
    """The page read the person before; it writes the password, not all that it read."""
    user = make_person("operator")
    User.objects.filter(pk=user.pk).update(is_active=False)

    get_adapter().set_password(user, "another horse battery")

    user.refresh_from_db()
    assert (user.check_password("another horse battery"), user.is_active) == (True, False)

"""Commands about people: for the shell of a server, and for a stack on one machine."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.utils import timezone

from kernel.modes import Mode
from ledger.models import LedgerEntry
from tests.factories.people import PASSWORD, log_in, make_person

pytestmark = pytest.mark.django_db


def said(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_reset_login_prints_a_link_that_works_and_ends_the_sessions() -> None:
    user = make_person("owner")
    elsewhere = Client()
    log_in(elsewhere, user)

    words = said("reset_login", user.email.upper())

    assert "1 session(s) ended" in words
    assert elsewhere.get("/accounts/2fa/").status_code == 302
    guest = Client()
    guest.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "_auth_user_id" not in guest.session
    link = re.search(r"https?://\S+/key/\S+", words)
    assert link is not None
    page = guest.get(urlsplit(link[0]).path, follow=True)
    guest.post(
        page.redirect_chain[-1][0],
        {"password1": "new horse battery", "password2": "new horse battery"},
    )
    log_in(guest, user, "new horse battery")


@pytest.mark.parametrize(("flags", "left"), [([], 1), (["--mfa"], 0)])
def test_reset_login_takes_second_factors_only_when_told(flags: list[str], left: int) -> None:
    user = make_person("owner")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")

    said("reset_login", user.email, *flags)

    assert Authenticator.objects.filter(user=user).count() == left


def test_reset_login_is_in_the_ledger_without_the_address() -> None:
    user = make_person("owner")

    said("reset_login", user.email)

    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.event, entry.subject) == (
        "audit", "person.login_reset", f"user:{user.pk}",
    )  # fmt: skip
    assert entry.facts == {"actor": "system", "sessions_ended": 0, "second_factors_removed": 0}


def test_reset_login_for_nobody_or_a_closed_account_says_so() -> None:
    closed = make_person("owner")
    User.objects.filter(pk=closed.pk).update(is_active=False)

    with pytest.raises(CommandError, match="Nobody on the team has the address"):
        said("reset_login", "nobody@example.com")
    with pytest.raises(CommandError, match="This account is closed"):
        said("reset_login", closed.email)


@pytest.fixture
def local_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    password_file = tmp_path / "password"
    password_file.write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("OWNER_EMAIL", "Ada@example.com")
    monkeypatch.setenv("OWNER_PASSWORD_FILE", str(password_file))
    return "ada@example.com"


def test_seed_local_makes_the_owner_once(local_owner: str) -> None:
    first, second = said("seed_local"), said("seed_local")

    user = User.objects.get(email=local_owner)
    log_in(Client(), user)
    assert ("made" in first, "there already" in second) == (True, True)
    assert [group.name for group in user.groups.all()] == ["owner"]
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert user.get_full_name() == ""  # pages say the address; "Owner" is a role


def test_seed_local_leaves_a_changed_password_alone(local_owner: str) -> None:
    said("seed_local")
    user = User.objects.get(email=local_owner)
    user.set_password("changed by its owner")
    user.save()

    said("seed_local")

    log_in(Client(), user, "changed by its owner")


def test_seed_local_refuses_live_mode(local_owner: str) -> None:
    with (
        override_settings(DEPLOYMENT_MODE=Mode.LIVE),
        pytest.raises(CommandError, match="refuses to run in live mode"),
    ):
        said("seed_local")

    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["OWNER_EMAIL", "OWNER_PASSWORD_FILE"])
def test_seed_local_says_what_is_missing(
    local_owner: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name)

    with pytest.raises(CommandError, match="Set OWNER_EMAIL and OWNER_PASSWORD_FILE"):
        said("seed_local")


def test_the_first_owner_chooses_a_password_and_comes_in() -> None:
    words = said("first_owner", "Boss@Trinity.Example")

    link = re.search(r"https?://\S+/key/\S+", words)
    assert link is not None
    guest = Client()
    page = guest.get(urlsplit(link[0]).path, follow=True)
    guest.post(
        page.redirect_chain[-1][0],
        {"password1": "new horse battery", "password2": "new horse battery"},
    )
    owner = User.objects.get(email="boss@trinity.example")
    log_in(guest, owner, "new horse battery")
    assert [group.name for group in owner.groups.all()] == ["owner"]
    assert not owner.is_superuser
    assert LedgerEntry.objects.get(event="person.seeded").subject == f"user:{owner.pk}"


def test_there_is_no_second_first_owner() -> None:
    make_person("owner")

    with pytest.raises(CommandError, match="people page"):
        said("first_owner", "boss@trinity.example")

    assert not User.objects.filter(email="boss@trinity.example").exists()


def test_a_first_owner_needs_an_address() -> None:
    with pytest.raises(CommandError, match="no e-mail address"):
        said("first_owner", "boss")


def test_a_lent_session_is_logged_in_counted_and_in_the_ledger() -> None:
    user = make_person("owner")
    user.set_unusable_password()
    user.save()
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")

    name, _, key = said("lend_session", user.email, "--to", "bin/sale").strip().partition("=")

    guest = Client()
    guest.cookies[name] = key
    assert guest.get("/console/deals/").status_code == 200
    entry = LedgerEntry.objects.get()
    assert (entry.event, entry.subject) == ("person.session_lent", f"user:{user.pk}")
    assert "1 session(s) ended" in said("reset_login", user.email)
    assert guest.get("/console/deals/").status_code == 302


@pytest.mark.parametrize("to", ["x" * 400, "two\nlines\0", "\u202e" + "y" * 201])
def test_a_lent_session_has_a_name_of_one_line_that_fits(to: str) -> None:
    user = make_person("operator")

    said("lend_session", user.email, "--to", to)

    name = UserSession.objects.get(user=user).user_agent
    assert (len(name) <= 200, name.isprintable()) == (True, True)


def test_a_lent_session_ends_after_half_an_hour_and_is_no_fresh_login() -> None:
    user = make_person("owner")

    name, _, key = said("lend_session", user.email).strip().partition("=")

    held = Session.objects.get(session_key=key)
    assert held.expire_date - timezone.now() < timedelta(minutes=31)
    guest = Client()
    guest.cookies[name] = key
    answer = guest.get("/console/people/invite/")
    assert (answer.status_code, "/accounts/" in answer.headers["Location"]) == (302, True)


def test_a_session_is_lent_to_nobody_closed_or_live() -> None:
    closed = make_person("owner")
    User.objects.filter(pk=closed.pk).update(is_active=False)

    with pytest.raises(CommandError, match="Nobody on the team has the address"):
        said("lend_session", "nobody@example.com")
    with pytest.raises(CommandError, match="is closed"):
        said("lend_session", closed.email)
    with (
        override_settings(DEPLOYMENT_MODE=Mode.LIVE),
        pytest.raises(CommandError, match="refuses to run in live mode"),
    ):
        said("lend_session", closed.email)


def test_a_sale_gets_an_approver_of_its_own_who_is_deactivated_at_its_end() -> None:
    made = json.loads(said("sale_approver"))

    approver = User.objects.get(email=made["email"])
    guest = Client()
    log_in(guest, approver, made["password"])
    assert [group.name for group in approver.groups.all()] == ["owner"]
    assert guest.get("/console/people/").status_code == 200

    said("sale_approver", "--end", approver.email)
    said("sale_approver", "--end", approver.email)  # twice changes nothing

    approver.refresh_from_db()
    assert (approver.is_active, approver.has_usable_password()) == (False, False)
    assert guest.get("/console/people/").status_code == 302
    events = LedgerEntry.objects.filter(subject=f"user:{approver.pk}").order_by("pk")
    kept = [entry.event for entry in events if entry.event != "person.logged_in"]
    assert kept == ["person.sale_approver_made", "person.deactivated"]


def test_who_was_not_made_for_a_sale_is_not_ended_by_its_command() -> None:
    owner = make_person("owner")

    with pytest.raises(CommandError, match="nobody with this address was made for a sale"):
        said("sale_approver", "--end", owner.email)

    owner.refresh_from_db()
    assert owner.is_active


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.TEST])
def test_outside_of_the_sandbox_people_of_the_team_approve(mode: Mode) -> None:
    with (
        override_settings(DEPLOYMENT_MODE=mode),
        pytest.raises(CommandError, match="in the sandbox only"),
    ):
        said("sale_approver")
    assert not User.objects.exists()

"""Second factors: each code counts once, the password is none, and a change ends other sessions."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client, override_settings

from ledger.models import LedgerEntry
from tests.factories.people import PASSWORD, client_of, log_in, make_person
from tests.owner import as_owner
from tests.trinity.test_login import is_logged_in, totp_code
from trinity.models import TotpCounter
from trinity.people.usecases.accept_code import accept_code

pytestmark = pytest.mark.django_db

SEED = "JBSWY3DPEHPK3PXP"
STEP_UP = "/accounts/reauthenticate/"
GRAVE_PAGE = "/console/people/invite/"


@pytest.fixture
def owner() -> User:
    user = make_person("owner")
    TOTP.activate(user, SEED)
    return user


def is_let_in(user: User, code: str) -> bool:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return is_logged_in(client)


def steps_up(client: Client, **proof: str) -> bool:
    client.post(STEP_UP, {f"proof-{name}": value for name, value in proof.items()})
    return bool(client.get(GRAVE_PAGE).status_code == 200)


def code_in(steps: int) -> str:
    return totp_code(SEED, time.time() + 30 * steps)


# --- a code counts once -------------------------------------------------------------------------


def test_a_code_of_the_app_opens_once_however_long_it_is_right(owner: User) -> None:
    """It is right for a minute and a half; that is long enough to be read over a shoulder."""
    code = code_in(1)
    assert is_let_in(owner, code)
    cache.clear()  # where 0.1 remembered it, for thirty seconds

    assert not is_let_in(owner, code)


def test_a_code_that_opened_is_no_proof_afterwards_and_the_reverse(owner: User) -> None:
    now, later = code_in(0), code_in(1)
    assert is_let_in(owner, now)
    assert not steps_up(client_of(owner), code=now)

    assert steps_up(client_of(owner), code=later)
    assert not is_let_in(owner, later)


def test_an_older_code_is_not_taken_after_a_newer_one(owner: User) -> None:
    assert is_let_in(owner, code_in(1))

    assert not is_let_in(owner, code_in(0))


def test_a_code_is_one_persons_own(owner: User) -> None:
    other = make_person("owner")
    TOTP.activate(other, SEED)
    code = code_in(0)

    assert is_let_in(owner, code)
    assert is_let_in(other, code)


def test_the_code_that_switched_the_app_on_is_used(owner: User) -> None:
    user = make_person("operator")
    client = client_of(user, is_fresh=True)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    seed = re.findall(r'id="totp-key">(\w+)<', page)[0]
    code = totp_code(seed, time.time())

    client.post("/accounts/2fa/totp/activate/", {"code": code})

    assert Authenticator.objects.filter(user=user, type="totp").exists()
    assert not is_let_in(user, code)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery code"])
def test_of_many_who_send_one_code_at_once_one_gets_in(kind: str) -> None:
    user = make_person("owner")
    TOTP.activate(user, SEED)
    code = code_in(0) if kind == "app" else RecoveryCodes.activate(user).get_unused_codes()[0]

    def send(_: int) -> bool:
        try:
            return accept_code(user_id=user.pk, code=code) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as many:
        taken = list(many.map(send, range(8)))

    assert sorted(taken) == [False] * 7 + [True]


def test_no_counter_is_negative(owner: User) -> None:
    with pytest.raises(IntegrityError, match="totp_counter_is_not_negative"):
        TotpCounter.objects.create(user=owner, last_used=-1)


def test_a_secret_that_no_key_opens_lets_nobody_in(
    owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    code = code_in(0)

    with override_settings(SECRET_KEY="another" * 10):
        assert not is_let_in(owner, code)

    assert "a second factor cannot be decrypted" in caplog.text


# --- the password alone is no proof -------------------------------------------------------------


def test_with_a_factor_the_password_proves_nothing(owner: User) -> None:
    client = client_of(owner)

    assert not steps_up(client, password=PASSWORD)
    assert 'name="proof-password"' not in client.get(STEP_UP).content.decode()


def test_a_proof_by_password_ends_when_a_factor_is_there() -> None:
    user = make_person("owner")
    client = client_of(user, is_fresh=True)
    assert client.get(GRAVE_PAGE).status_code == 200

    TOTP.activate(user, SEED)

    assert client.get(GRAVE_PAGE).status_code == 302


@pytest.mark.parametrize(
    "address", ["totp/deactivate/", "recovery-codes/", "recovery-codes/generate/", "webauthn/add/"]
)
def test_no_change_of_factors_without_a_factor(owner: User, address: str) -> None:
    RecoveryCodes.activate(owner)
    client = client_of(owner, is_fresh=True)  # by password
    before = list(Authenticator.objects.order_by("pk").values_list("pk", "data"))

    client.post(STEP_UP, {"proof-password": PASSWORD})
    answers = [client.get(f"/accounts/2fa/{address}"), client.post(f"/accounts/2fa/{address}")]

    assert [answer.status_code for answer in answers] == [302, 200]
    assert "Confirm that it's you" in answers[1].content.decode()
    assert list(Authenticator.objects.order_by("pk").values_list("pk", "data")) == before


def test_nor_is_the_password_changed_without_it(owner: User) -> None:
    client = client_of(owner)
    new = "new horse battery"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}

    client.post("/accounts/password/change/", form)
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)

    steps_up(client, code=code_in(0))
    client.post("/accounts/password/change/", form)
    owner.refresh_from_db()
    assert owner.check_password(new)


def test_a_recovery_code_proves_it_once(owner: User) -> None:
    code = RecoveryCodes.activate(owner).get_unused_codes()[0]
    client = client_of(owner)

    assert steps_up(client, code=code)
    assert client.get("/accounts/2fa/totp/deactivate/").status_code == 200
    assert not steps_up(client_of(owner), code=code)


def test_five_wrong_codes_close_the_page_that_asks_for_a_while(owner: User) -> None:
    client = client_of(owner)
    for _ in range(5):
        client.post(STEP_UP, {"proof-code": "000000"})

    assert not steps_up(client, code=code_in(0))


# --- what a change brings with it ---------------------------------------------------------------


def test_switching_the_app_on_ends_all_other_sessions() -> None:
    user = make_person("operator")
    elsewhere, here = Client(), Client()
    log_in(elsewhere, user)
    log_in(here, user)
    here.post(STEP_UP, {"proof-password": PASSWORD})
    page = here.get("/accounts/2fa/totp/activate/").content.decode()
    seed = re.findall(r'id="totp-key">(\w+)<', page)[0]

    answer = here.post("/accounts/2fa/totp/activate/", {"code": totp_code(seed, time.time())})

    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    assert here.get(answer["Location"]).status_code == 200
    assert elsewhere.get("/accounts/2fa/").status_code == 302


def test_the_secret_of_an_app_that_is_being_set_up_lies_encrypted_in_the_session() -> None:
    user = make_person("operator")
    client = client_of(user, is_fresh=True)

    page = client.get("/accounts/2fa/totp/activate/").content.decode()

    seed = re.findall(r'id="totp-key">(\w+)<', page)[0]
    kept = [str(row.get_decoded()) for row in Session.objects.all()]
    assert [seed in each for each in kept] == [False]


def test_the_secret_stays_the_same_after_a_wrong_code() -> None:
    client = client_of(make_person("operator"), is_fresh=True)
    first = client.get("/accounts/2fa/totp/activate/").content.decode()

    again = client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).content.decode()

    key = re.compile(r'id="totp-key">(\w+)<')
    assert key.findall(again) == key.findall(first)


# --- others' sessions and factors ---------------------------------------------------------------


def test_an_owner_ends_somebodys_sessions() -> None:
    boss, user = make_person("owner"), make_person("operator")
    theirs = Client()
    log_in(theirs, user)

    client_of(boss, is_fresh=True).post(f"/console/people/{user.pk}/sessions/end/")

    assert theirs.get("/accounts/2fa/").status_code == 302
    entry = LedgerEntry.objects.get(event="person.sessions_ended")
    assert (entry.subject, entry.facts) == (
        f"user:{user.pk}", {"actor": f"user:{boss.pk}", "sessions_ended": 1},
    )  # fmt: skip


def test_an_owner_stays_logged_in_there() -> None:
    boss = make_person("owner")
    client = Client()
    log_in(client, boss)
    client.post(STEP_UP, {"proof-password": PASSWORD})

    client.post(f"/console/people/{boss.pk}/sessions/end/")

    assert client.get("/accounts/2fa/").status_code == 200
    assert not LedgerEntry.objects.filter(event="person.sessions_ended").exists()


def test_after_a_leak_one_command_has_everybody_set_up_their_factor_anew(owner: User) -> None:
    RecoveryCodes.activate(owner)
    plain, closed = make_person("operator"), make_person("auditor")
    TOTP.activate(closed, SEED)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    theirs = Client()
    log_in(theirs, plain)

    with override_settings(SECRET_KEY="another" * 10):  # as the new key stands already
        call_command("reset_second_factors")
        call_command("reset_second_factors")

    assert not Authenticator.objects.exists()
    assert theirs.get("/accounts/2fa/").status_code == 302
    log_in(Client(), owner)
    entries = LedgerEntry.objects.filter(event="person.second_factors_reset")
    said = {entry.subject: entry.facts for entry in entries}
    assert (entries.count(), said) == (
        3,
        {
            f"user:{user.pk}": {
                "actor": "system", "sessions_ended": ended, "second_factors_removed": removed,
            }
            for user, ended, removed in [(owner, 0, 2), (plain, 1, 0), (closed, 0, 1)]
        },
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_the_upgrade_from_0_1_ends_all_sessions() -> None:
    client = Client()
    log_in(client, make_person("operator"))
    assert Session.objects.exists()

    loader = MigrationLoader(connection)
    with as_owner(), connection.schema_editor() as editor:
        before = loader.project_state(("trinity", "0001_initial"))
        loader.get_migration("trinity", "0002_end_all_sessions").apply(before, editor)

    assert not Session.objects.exists()
    assert client.get("/accounts/2fa/").status_code == 302


# --- between the password and the code ----------------------------------------------------------


@pytest.mark.parametrize("change", [{"password": make_password("another")}, {"is_active": False}])
def test_a_login_that_waits_for_its_code_ends_with_the_password_and_the_account(
    owner: User, change: dict[str, object]
) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": owner.email, "password": PASSWORD})
    User.objects.filter(pk=owner.pk).update(**change)

    said = client.post("/accounts/2fa/authenticate/", {"code": code_in(0)})

    assert (said["Location"], is_logged_in(client)) == ("/accounts/login/", False)
    assert not LedgerEntry.objects.filter(event="person.logged_in").exists()
    assert client.get("/accounts/2fa/authenticate/").status_code == 302

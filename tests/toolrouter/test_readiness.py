"""A provider is ready under the key and address that it was tested with, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from kernel.modes import Mode
from kernel.retries import Refused
from ledger.models import LedgerEntry
from revenue import providers
from tests.factories.people import make_person
from tests.outside import _outside, outside, pages_find_stripe_away, pages_use_outside
from tests.owner import as_owner
from tests.sandbox.running_sandbox import KEY
from tests.toolrouter.approving.deciding import sql_past_us
from tests.toolrouter.books import differences
from toolrouter.connections import Connection, Proved, Provider, provider_of
from toolrouter.exchanges.verifying import CannotVerify, note_keys, verify_provider
from toolrouter.models import ProviderReadiness
from toolrouter.queries.readiness import readiness_of
from toolrouter.usecases.attest_provider import NotToAttest, attest_provider
from toolrouter.vocabulary import Readiness

__all__ = ["_outside", "outside", "pages_find_stripe_away", "pages_use_outside"]
pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


def clock() -> datetime:
    return NOW


def stripe() -> Provider:
    found = provider_of("stripe")
    assert found is not None
    return found


def verify() -> Readiness:
    return verify_provider(stripe(), actor_id=None, clock=clock).level


def level(*, confirms: bool = False) -> Readiness:
    return readiness_of("stripe", confirms=confirms).level


@pytest.fixture
def another_key(settings: Settings) -> Iterator[None]:
    yield
    providers._gateway.cache_clear()


def hold_key(settings: Settings, key: str) -> None:
    """Begin anew, as a process does that was started with that key."""
    settings.STRIPE_SECRET_KEY = key
    providers._gateway.cache_clear()


class Says(Provider):
    """A provider that says what a test wants, under the key of the real one."""

    name = "stripe"
    title = "Stripe"

    def __init__(self, said: Proved) -> None:
        self.said = said

    def connection(self) -> Connection | None:
        return stripe().connection()

    def ask(self, *, is_waited_for: bool) -> Proved:
        assert not is_waited_for
        return self.said


@pytest.mark.usefixtures("pages_use_outside")
def test_the_stand_in_is_asked_and_what_it_said_is_kept_and_in_the_books() -> None:
    assert level() == Readiness.SECRET_STORED

    assert verify() == Readiness.SANDBOX_VERIFIED

    row = ProviderReadiness.objects.get()
    assert (row.level, row.mode, row.livemode) == ("sandbox_verified", "sandbox", False)
    assert row.account_ref.startswith("acct_")
    assert row.noted_at == NOW
    assert level() == level(confirms=True) == Readiness.SANDBOX_VERIFIED
    assert LedgerEntry.objects.get(event="provider.noted").subject == row.reference
    assert differences() == []


@pytest.mark.usefixtures("pages_use_outside", "another_key")
def test_another_key_falls_back_by_itself_and_the_first_one_is_still_proved(
    settings: Settings,
) -> None:
    verify()

    hold_key(settings, "sk_sandbox_of_somebody_else")
    assert level() == level(confirms=True) == Readiness.SECRET_STORED

    hold_key(settings, KEY)
    assert level() == Readiness.SANDBOX_VERIFIED


@pytest.mark.usefixtures("pages_use_outside", "another_key")
def test_another_address_falls_back_by_itself(settings: Settings) -> None:
    verify()

    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    hold_key(settings, KEY)

    assert level() == Readiness.SECRET_STORED


@pytest.mark.usefixtures("pages_use_outside", "another_key")
def test_an_adapter_that_was_put_in_with_another_key_proves_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key that counts is the adapter's own, not the one that the settings name."""
    verify()

    put_in = providers.gateway_for_tools()
    monkeypatch.setattr(put_in, "_api_key", "sk_live_of_somebody_else")

    assert level(confirms=True) == Readiness.SECRET_STORED


@pytest.mark.usefixtures("pages_use_outside", "another_key")
def test_a_process_without_a_key_believes_the_row_but_may_not_call(settings: Settings) -> None:
    verify()

    hold_key(settings, "")

    assert level() == Readiness.SANDBOX_VERIFIED
    assert level(confirms=True) == Readiness.SECRET_STORED


@pytest.mark.usefixtures("pages_use_outside", "another_key")
def test_a_provider_that_turns_the_key_away_takes_back_what_was_proved(settings: Settings) -> None:
    verify()
    stripe_says_no = Says(Proved(account_ref="", is_live=False, is_stand_in=True))
    stripe_says_no.ask = _refuse  # type: ignore[method-assign]  # one answer, as an adapter gives it

    said = verify_provider(stripe_says_no, actor_id=None, clock=clock)

    assert (said.level, said.code) == (Readiness.SECRET_STORED, "api_key_expired")
    assert level() == Readiness.SECRET_STORED
    assert differences() == []


def _refuse(*, is_waited_for: bool) -> Proved:
    raise Refused("api_key_expired")


@pytest.mark.usefixtures("pages_use_outside", "another_key")
def test_the_sandbox_turns_a_wrong_key_away(settings: Settings) -> None:
    hold_key(settings, "sk_sandbox_of_somebody_else")

    assert verify() == Readiness.SECRET_STORED

    assert ProviderReadiness.objects.get().code


@pytest.mark.usefixtures("pages_find_stripe_away")
def test_where_nobody_answers_nothing_is_changed(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = KEY

    with pytest.raises(CannotVerify, match="no_answer"):
        verify()

    assert not ProviderReadiness.objects.exists()


@pytest.mark.usefixtures("pages_use_outside")
@pytest.mark.parametrize(
    ("is_live", "is_stand_in", "expected"),
    [
        (True, False, Readiness.LIVE_VERIFIED),
        (False, False, Readiness.TEST_VERIFIED),
        (False, True, Readiness.SANDBOX_VERIFIED),
        (True, True, Readiness.SECRET_STORED),  # a stand-in is never live, whatever it says
    ],
)
def test_the_level_is_what_the_provider_itself_said(
    is_live: bool, is_stand_in: bool, expected: Readiness
) -> None:
    said = Says(Proved(account_ref="acct_1", is_live=is_live, is_stand_in=is_stand_in))

    assert verify_provider(said, actor_id=None, clock=clock).level == expected

    assert level() == expected
    assert differences() == []


@pytest.mark.usefixtures("pages_use_outside", "another_key")
def test_the_fingerprint_stays_while_the_key_does_and_the_key_is_nowhere(
    settings: Settings,
) -> None:
    verify()
    verify()
    hold_key(settings, "sk_sandbox_of_somebody_else")
    verify()

    digests = list(ProviderReadiness.objects.order_by("pk").values_list("key_digest", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT json_agg(each)::text FROM toolrouter_providerreadiness each")
        dump = cursor.fetchone()[0]
        cursor.execute("SELECT json_agg(each)::text FROM ledger_ledgerentry each")
        dump += cursor.fetchone()[0]

    assert digests[0] == digests[1] != digests[2]
    assert KEY not in dump
    assert "somebody_else" not in dump


@pytest.mark.usefixtures("pages_use_outside", "another_key")
def test_a_new_key_is_noted_once_and_in_the_sandbox_the_stand_in_is_asked_at_once(
    settings: Settings,
) -> None:
    assert note_keys(clock=clock) == 1
    assert level() == Readiness.SANDBOX_VERIFIED
    assert note_keys(clock=clock) == 0
    assert ProviderReadiness.objects.count() == 2

    hold_key(settings, "sk_sandbox_of_somebody_else")
    note_keys(clock=clock)
    count = ProviderReadiness.objects.count()
    note_keys(clock=clock)

    assert level() == Readiness.SECRET_STORED
    assert ProviderReadiness.objects.count() == count  # the same refusal is noted once


@pytest.mark.usefixtures("pages_use_outside", "another_key")
@pytest.mark.parametrize("mode", [Mode.TEST, Mode.LIVE])
def test_elsewhere_nobody_is_asked_before_a_person_says_so(settings: Settings, mode: Mode) -> None:
    settings.DEPLOYMENT_MODE = mode

    note_keys(clock=clock)
    hold_key(settings, "")

    assert level() == Readiness.SECRET_STORED
    assert [row.level for row in ProviderReadiness.objects.all()] == ["secret_stored"]


@pytest.mark.usefixtures("pages_use_outside")
def test_an_owner_vouches_for_what_nobody_can_test_until_they_take_it_back() -> None:
    owner = make_person("owner")
    assert readiness_of("manual").level == Readiness.CONFIGURED

    attest_provider("manual", level=Readiness.ATTESTED, actor_id=owner.pk, now=NOW)
    assert readiness_of("manual").level == Readiness.ATTESTED

    attest_provider("manual", level=Readiness.CONFIGURED, actor_id=owner.pk, now=NOW)
    assert readiness_of("manual").level == Readiness.CONFIGURED
    assert differences() == []


@pytest.mark.usefixtures("pages_use_outside")
def test_nobody_vouches_for_what_can_be_tested() -> None:
    owner = make_person("owner")

    with pytest.raises(NotToAttest):
        attest_provider("stripe", level=Readiness.ATTESTED, actor_id=owner.pk, now=NOW)
    with pytest.raises(ValueError, match="nobody's word"):
        attest_provider("manual", level=Readiness.LIVE_VERIFIED, actor_id=owner.pk, now=NOW)


def test_a_provider_that_nobody_registered_is_not_set_up() -> None:
    assert readiness_of("paypal").level == Readiness.NOT_CONFIGURED


CHANGES = (
    "level = 'live_verified', livemode = true, mode = 'live'",
    "account = 'another'",
    "address = 'https://api.stripe.com'",
    "key_salt = 'another'",
    "key_digest = repeat('0', 64)",
    "account_ref = 'acct_another'",
    "provider = 'another'",
    "noted_at = noted_at + interval '1 day'",
    "noted_by_id = (SELECT max(id) FROM auth_user)",
)


@pytest.mark.usefixtures("pages_use_outside")
def test_any_column_that_was_changed_past_us_is_found() -> None:
    make_person("owner")
    verify()
    kept = "CREATE TABLE kept_readiness AS SELECT * FROM toolrouter_providerreadiness"
    table = "toolrouter_providerreadiness"
    found = {}
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(kept)
    for change in CHANGES:
        sql_past_us(table, f"UPDATE {{}} SET {change}")
        found[change] = [code for code, _ in differences()]
        sql_past_us(table, "DELETE FROM {}")
        sql_past_us(table, "INSERT INTO {} SELECT * FROM kept_readiness")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE kept_readiness")

    assert found == {change: ["entry_differs_from_row"] for change in CHANGES}
    assert differences() == []


@pytest.mark.usefixtures("pages_use_outside")
def test_a_row_that_nobody_noted_and_a_deleted_one_are_found() -> None:
    verify()
    sql_past_us("toolrouter_providerreadiness", "DELETE FROM {}")

    assert {"entry_without_row", "row_unknown"} == {code for code, _ in differences()}


@pytest.mark.parametrize(
    "said",
    [
        {"level": "live_verified", "livemode": False, "mode": "live"},
        {"level": "live_verified", "livemode": True, "mode": "sandbox"},
        {"level": "sandbox_verified", "livemode": True, "mode": "sandbox"},
        {"level": "sandbox_verified", "livemode": False, "mode": "sandbox", "account_ref": ""},
        {"level": "sandbox_verified", "livemode": False, "mode": "sandbox", "key_digest": ""},
        {"level": "attested", "livemode": None, "mode": "live", "account_ref": ""},
        {"level": "configured", "livemode": None, "mode": "live"},
    ],
    ids=str,
)
def test_the_database_holds_what_was_proved_to_what_was_said(said: dict[str, Any]) -> None:
    good = {"account_ref": "acct_1", "key_salt": "s", "key_digest": "0" * 64}
    row = ProviderReadiness(
        **{
            "reference": "rdy_1",
            "provider": "stripe",
            "account": "own",
            "noted_at": NOW,
            **good,
            **said,
        }
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()

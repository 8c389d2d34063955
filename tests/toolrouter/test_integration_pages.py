"""Integrations: everybody sees how ready a provider is, operators test it, an owner vouches."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from kernel.modes import Mode
from kernel.money import Money
from revenue import providers
from tests.factories.people import client_of, make_person
from tests.factories.toolrouter import OWNER, cap_key, prove_stripe
from tests.outside import _outside, outside, pages_find_stripe_away, pages_use_outside
from tests.sandbox.running_sandbox import KEY
from toolrouter.enums import CapScope
from toolrouter.models import ProviderReadiness
from toolrouter.queries.readiness import readiness_of
from toolrouter.usecases.change_cap import change_cap
from toolrouter.vocabulary import Readiness
from trinity.doctor import agents
from trinity.doctor.findings import Level

__all__ = ["_outside", "outside", "pages_find_stripe_away", "pages_use_outside"]
pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/console/integrations/"


def page(client: Client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def said(client: Client, path: str, **form: str) -> str:
    answer = client.post(path, form, follow=True)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


@pytest.mark.usefixtures("pages_use_outside")
def test_an_operator_tests_stripe_and_everybody_sees_what_it_said() -> None:
    operator = make_person("operator")
    before = page(client_of(make_person("auditor")))
    assert "Key not tested" in before
    assert "/test/" not in before

    answered = said(client_of(operator), f"{PAGE}stripe/test/")

    row = ProviderReadiness.objects.get()
    assert (row.level, row.noted_by) == ("sandbox_verified", operator)
    assert f"Stripe answered: {row.account_ref}. The result was recorded." in answered
    seen = page(client_of(make_person("auditor")))
    assert "Tested in the sandbox" in seen
    assert row.account_ref in seen
    assert row.key_digest not in seen
    assert KEY not in seen


@pytest.mark.usefixtures("pages_use_outside")
def test_what_was_proved_under_another_key_is_shown_as_of_before(settings: Settings) -> None:
    prove_stripe()
    settings.STRIPE_SECRET_KEY = "sk_sandbox_of_somebody_else"
    providers._gateway.cache_clear()
    owner = client_of(make_person("owner"))

    assert "under another key or address" in page(owner)
    assert "Stripe rejected the key" in said(owner, f"{PAGE}stripe/test/")
    assert readiness_of("stripe").level == Readiness.SECRET_STORED


@pytest.mark.usefixtures("pages_find_stripe_away")
def test_where_stripe_does_not_answer_the_page_says_that_nothing_was_changed(
    settings: Settings,
) -> None:
    settings.STRIPE_SECRET_KEY = KEY
    owner = client_of(make_person("owner"))

    assert "Stripe could not be reached (no_answer). Nothing was changed" in said(
        owner, f"{PAGE}stripe/test/"
    )


@pytest.mark.usefixtures("pages_use_outside")
def test_an_owner_vouches_by_name_after_a_fresh_login_and_takes_it_back() -> None:
    person = make_person("owner")
    owner = client_of(person, is_fresh=True)
    attest, withdraw = f"{PAGE}manual/attest/", f"{PAGE}manual/withdraw/"
    assert client_of(make_person("operator")).get(attest).status_code == 403
    assert owner.post(attest, {}).status_code == 400

    assert "Attested." in said(owner, attest, is_sure="on")
    assert ProviderReadiness.objects.get().noted_by == person
    assert ">Attested<" in page(owner)
    assert "The attestation was withdrawn." in said(owner, withdraw, is_sure="on")
    assert readiness_of("manual").level == Readiness.CONFIGURED


@pytest.mark.usefixtures("pages_use_outside")
@pytest.mark.parametrize("path", ["stripe/attest/", "stripe/withdraw/", "manual/test/", "x/test/"])
def test_nobody_vouches_for_what_can_be_tested_nor_tests_what_cannot(path: str) -> None:
    owner = client_of(make_person("owner"), is_fresh=True)

    assert owner.post(f"{PAGE}{path}", {"is_sure": "on"}).status_code == 404
    assert not ProviderReadiness.objects.exists()


@pytest.mark.usefixtures("pages_use_outside")
def test_doctor_says_how_ready_a_provider_is_and_verify_asks_it() -> None:
    [stripe, by_hand] = agents.look_at_providers(verify=False)
    assert (stripe.level, stripe.words) == (Level.WARN, "key not tested")
    assert "doctor --verify" in stripe.remedy
    assert by_hand.level == Level.OK

    [asked, _] = agents.look_at_providers(verify=True)
    assert asked.level == Level.OK
    assert asked.words == f"{ProviderReadiness.objects.get().account_ref} answers: sandbox verified"

    [stands, _] = agents.look_at_providers(verify=False)
    assert stands.words.startswith("tested in the sandbox (acct_")


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_verifies_only_when_it_is_told_to() -> None:
    _doctor()
    assert not ProviderReadiness.objects.exists()

    said_by_it = _doctor("--verify")

    assert ProviderReadiness.objects.get().level == "sandbox_verified"
    assert "answers: sandbox verified" in said_by_it
    assert KEY not in said_by_it


def _doctor(*arguments: str) -> str:
    out = StringIO()
    with suppress(CommandError):  # much is missing in a test: sweeps, workers
        call_command("doctor", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("pages_use_outside")
def test_doctor_says_that_a_key_was_turned_away(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = "sk_sandbox_of_somebody_else"
    providers._gateway.cache_clear()

    [stripe, _] = agents.look_at_providers(verify=True)

    assert stripe.level == Level.BAD
    assert "rejected the key" in stripe.words


def test_live_spend_without_caps_is_a_finding(settings: Settings) -> None:
    settings.LIVE_SPEND, settings.DEPLOYMENT_MODE = True, Mode.LIVE
    [finding] = agents.look_at_gates()
    assert finding.level == Level.WARN
    assert finding.words == (
        "LIVE_OUTREACH is off, LIVE_SPEND is on, and no cap is set for the account: every spend "
        "is denied"
    )

    _cap(mode="sandbox", limit=1000)
    _cap(mode="live", limit=0)
    assert [each.level for each in agents.look_at_gates()] == [Level.WARN]

    _cap(mode="live", limit=1000)
    assert [each.level for each in agents.look_at_gates()] == [Level.OK]


def test_a_closed_gate_needs_no_cap() -> None:
    [finding] = agents.look_at_gates()
    assert (finding.level, finding.words) == (
        Level.OK,
        "LIVE_OUTREACH is off, LIVE_SPEND is off",
    )


def _cap(*, mode: str, limit: int) -> None:
    change_cap(
        key=cap_key(CapScope.ACCOUNT, mode=mode),
        limit=Money(limit, "USD"),
        by=OWNER,
        now=timezone.now(),
    )

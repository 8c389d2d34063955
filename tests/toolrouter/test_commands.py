"""``manage.py run_token`` and ``manage.py stop``."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from kernel.references import new_reference
from tests.factories.crm import DealFactory
from tests.factories.fulfillment import planned_run
from toolrouter import queries
from toolrouter.enums import TokenStanding
from toolrouter.models import Grant, GrantSubject, RunToken, SpendCap, Stop

pytestmark = pytest.mark.django_db(transaction=True)


def command(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def grant() -> Grant:
    return Grant.objects.get(run_ref=planned_run(now=timezone.now()).reference)


@pytest.mark.parametrize("named", ["run_ref", "run_code"])
def test_the_token_alone_is_on_stdout_and_the_rest_on_stderr(named: str, grant: Grant) -> None:
    out, err = command("run_token", getattr(grant, named), "--hours", "1")

    found = queries.credential_of(out.removesuffix("\n"))
    assert found is not None
    assert (found.run_ref, found.standing) == (grant.run_ref, TokenStanding.OPEN)
    assert grant.run_code in err
    assert f"{RunToken.objects.get().expires_at:%H:%M} UTC" in err


def test_deals_of_its_project_are_added(grant: Grant) -> None:
    deals = [DealFactory().reference, DealFactory().reference]

    command("run_token", grant.run_code, "--deal", deals[0], "--deal", deals[1])

    known = set(GrantSubject.objects.values_list("subject_ref", flat=True))
    assert set(deals) <= known


def test_a_deal_of_elsewhere_makes_no_token(grant: Grant) -> None:
    with pytest.raises(CommandError, match="The project has no deal"):
        command("run_token", grant.run_code, "--deal", new_reference("deal"))
    assert not RunToken.objects.exists()


@pytest.mark.parametrize("words", [("NONE",), ("NONE", "--hours", "9"), ("NONE", "--hours", "0")])
def test_what_is_no_run_or_no_time_makes_none(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        command("run_token", *words)


@pytest.mark.parametrize("scope", ["account", "project", "run", ""])
def test_stop_stops_and_says_so(scope: str, grant: Grant, settings: Any) -> None:
    """With Redis away as well: nothing but the database is asked."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL}}
    token, _ = command("run_token", grant.run_code)
    options = {
        "account": ["--account"], "project": ["--project", grant.project_ref],
        "run": ["--run", grant.run_code], "": [],
    }[scope]  # fmt: skip

    out, _ = command("stop", *options, "--reason", "It wrote to a stranger.")

    assert out.startswith("Stopped: ")
    assert "Run tokens ended: 1." in out
    assert Stop.objects.get().scope == (scope or "account")
    found = queries.credential_of(token.strip())
    assert found is not None
    assert found.standing == TokenStanding.STOPPED
    again, _ = command("stop", *options)
    assert "was stopped already" in again


@pytest.mark.parametrize("options", [["--run", "NONE"], ["--project", "prj_none"]])
def test_what_is_not_there_cannot_be_stopped(options: list[str]) -> None:
    with pytest.raises(CommandError, match="Nothing was stopped"):
        command("stop", *options)
    assert not Stop.objects.exists()


def test_a_new_sandbox_begins_with_small_caps_once() -> None:
    first, _ = command("seed_caps")
    again, _ = command("seed_caps")

    assert (first, again) == ("caps: 3 set\n", "caps: 0 set\n")
    caps = SpendCap.objects.order_by("pk").values_list(
        "scope", "time_window", "limit_minor", "mode"
    )
    assert list(caps) == [
        ("account", "24h", 2_000, "sandbox"),
        ("project", "30d", 5_000, "sandbox"),
        ("each_run", "lifetime", 1_000, "sandbox"),
    ]


@pytest.mark.parametrize("mode", ["test", "live"])
def test_caps_are_seeded_in_the_sandbox_only(mode: str, settings: Any) -> None:
    settings.DEPLOYMENT_MODE = mode

    with pytest.raises(CommandError, match="an owner sets caps"):
        command("seed_caps")
    assert not SpendCap.objects.exists()

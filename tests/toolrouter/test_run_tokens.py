"""A run token is shown once, lets one run in, and is answered in words once it is dead."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kernel.money import Money
from kernel.references import new_reference
from ledger import operations as ledger
from ledger.models import LedgerEntry
from tests.factories.toolrouter import OWNER, new_grant
from tests.owner import rewriting
from tests.toolrouter.books import differences
from toolrouter import operations
from toolrouter.enums import Scope, TokenStanding
from toolrouter.models import Grant, RunToken
from toolrouter.queries import credential_of
from toolrouter.usecases.authenticate import authenticate
from toolrouter.usecases.make_run_token import MadeToken, NoToken, make_run_token
from toolrouter.usecases.revoke_run_token import NoSuchToken, revoke_run_token
from toolrouter.usecases.stop import stop
from trinity.logs import masked

pytestmark = pytest.mark.django_db(transaction=True)


def made_for(grant: Grant, **more: timedelta) -> MadeToken:
    return make_run_token(run_ref=grant.run_ref, actor_id=None, now=timezone.now(), **more)


def standing_of(made: MadeToken) -> TokenStanding:
    found = credential_of(made.token)
    assert found is not None
    return found.standing


def test_a_token_lets_its_own_run_in() -> None:
    grant = new_grant()

    made = made_for(grant)

    found = credential_of(made.token)
    assert found is not None
    assert (found.run_ref, found.run_code, found.project_ref, found.mode, found.standing) == (
        grant.run_ref, grant.run_code, grant.project_ref, "sandbox", TokenStanding.OPEN,
    )  # fmt: skip
    assert made.token.startswith("trt_")
    assert differences() == []


def test_only_its_digest_is_kept() -> None:
    made = made_for(new_grant())

    kept = RunToken.objects.get()
    assert kept.token_sha256 == hashlib.sha256(made.token.encode()).hexdigest()
    entries = str(list(LedgerEntry.objects.values()))
    assert made.token not in str(vars(kept)) + entries


@pytest.mark.parametrize("other", ["", "trt_", "trt_x", "trt_\ud800", "x" * 100_000])
def test_an_unknown_token_is_nobodys(other: str) -> None:
    made_for(new_grant())

    assert credential_of(other) is None
    assert authenticate(other) is None


@pytest.mark.parametrize(
    ("lasts", "run_lasts", "expected"),
    [
        (timedelta(hours=99), timedelta(days=2), timedelta(hours=8)),
        (timedelta(hours=1), timedelta(days=2), timedelta(hours=1)),
        (timedelta(hours=8), timedelta(hours=3), timedelta(hours=3)),
    ],
)
def test_it_lasts_eight_hours_at_most_and_no_longer_than_its_run(
    lasts: timedelta, run_lasts: timedelta, expected: timedelta
) -> None:
    now = timezone.now()
    grant = new_grant(lasts=run_lasts, now=now)

    made = make_run_token(run_ref=grant.run_ref, actor_id=None, now=now, lasts=lasts)

    assert made.expires_at == now + expected


def test_the_database_refuses_a_token_that_lasts_longer() -> None:
    grant, now = new_grant(), timezone.now()

    with pytest.raises(IntegrityError, match="run_token_lasts_hours"):
        RunToken.objects.create(
            reference=new_reference("tok"), grant=grant, token_sha256="0" * 64, made_at=now,
            expires_at=now + timedelta(hours=8, seconds=1),
        )  # fmt: skip


def test_it_expires_by_the_databases_clock() -> None:
    long_ago = timezone.now() - timedelta(hours=9)
    grant = new_grant(now=long_ago)

    made = make_run_token(run_ref=grant.run_ref, actor_id=None, now=long_ago)

    assert standing_of(made) == TokenStanding.EXPIRED


def test_a_revoked_one_is_known_and_shut() -> None:
    made = made_for(new_grant())
    now = timezone.now()

    changed = [revoke_run_token(token_ref=made.reference, actor_id=None, now=now) for _ in range(2)]

    assert [is_ended for _, is_ended in changed] == [True, False]
    assert standing_of(made) == TokenStanding.REVOKED
    assert differences() == []
    with pytest.raises(NoSuchToken):
        revoke_run_token(token_ref=new_reference("tok"), actor_id=None, now=now)


@pytest.mark.parametrize("scope", Scope)
def test_a_stop_ends_it_and_no_release_brings_it_back(scope: Scope) -> None:
    grant, other = new_grant(), new_grant()
    made, of_another = made_for(grant), made_for(other)
    ref = {"account": "", "project": grant.project_ref, "run": grant.run_ref}[scope]

    stop(scope=scope, ref=ref, by=OWNER, now=timezone.now())

    assert standing_of(made) == TokenStanding.STOPPED
    is_everybody = scope == Scope.ACCOUNT
    assert (standing_of(of_another) == TokenStanding.STOPPED) is is_everybody
    with pytest.raises(NoToken, match="stopped"):
        made_for(grant)


def test_a_run_that_has_ended_lets_nobody_in() -> None:
    grant = new_grant()
    made = made_for(grant)

    operations.end_grant(grant.run_ref, now=timezone.now())

    assert standing_of(made) == TokenStanding.ENDED
    with pytest.raises(NoToken, match="deadline has passed"):
        made_for(grant)


def test_a_run_without_a_grant_gets_none() -> None:
    with pytest.raises(NoToken, match="sample"):
        make_run_token(run_ref=new_reference("run"), actor_id=None, now=timezone.now())


def test_its_use_is_noted_once_a_minute() -> None:
    made = made_for(new_grant())

    authenticate(made.token)
    noted = RunToken.objects.get().last_used_at
    with CaptureQueriesContext(connection) as captured:
        authenticate(made.token)

    assert noted is not None
    assert len(captured) == 1
    assert RunToken.objects.get().last_used_at == noted


def test_a_token_in_a_log_is_masked_and_in_the_ledger_refused() -> None:
    made = made_for(new_grant())

    assert masked(f"tried {made.token} twice") == "tried trt_… twice"
    assert masked(f"tried x{made.token}") == "tried xtrt_…"
    with pytest.raises(ledger.ShapeRefused):
        ledger.audit(actor_id=None, event="run_token.made", subject=made.token, now=timezone.now())
    with pytest.raises(ledger.ShapeRefused):
        ledger.audit(
            actor_id=None, event="run_token.made", subject=made.reference, now=timezone.now(),
            key=f"x:{made.token}",
        )  # fmt: skip


def test_a_token_that_the_database_was_made_to_hold_is_a_finding() -> None:
    grant, now = new_grant(funded=Money(1, "USD")), timezone.now()

    with rewriting(RunToken):
        RunToken.objects.create(
            reference=new_reference("tok"), grant=grant, token_sha256="1" * 64, made_at=now,
            expires_at=now + timedelta(hours=1),
        )  # fmt: skip

    assert [code for code, _ in differences()] == ["row_without_entry"]

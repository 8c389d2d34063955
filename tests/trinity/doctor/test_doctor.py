"""The doctor finds what is broken, says what to do, and shows no secret."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from kernel import guards
from kernel.modes import Mode
from ledger.operations import audit
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.models import OfferPrice, ReconcileRun, StripeWebhookEvent
from tests.factories.revenue import NOON, CheckoutFactory, OfferFactory, filed, session_object
from tests.outside import DEAF_DOOR
from tests.owner import as_owner
from tests.sandbox.running_sandbox import KEY, SECRET, RunningSandbox
from tests.valkeys import running_valkey
from trinity.doctor import books, broker, database, deployment, selling
from trinity.doctor.findings import Finding, Level, named

pytestmark = pytest.mark.django_db
NEEDED = "checkout.session.completed"


@pytest.fixture(autouse=True)
def our_door(settings: Settings) -> None:
    """The sandbox's endpoint points at our address."""
    settings.BASE_URL = DEAF_DOOR.removesuffix("/webhooks/stripe")


def found(findings: Iterable[Finding], level: Level) -> list[str]:
    return [f"{each.what}: {each.words}" for each in findings if each.level == level]


def bad(findings: Iterable[Finding]) -> list[str]:
    return found(findings, Level.BAD)


def test_everything_at_stripe_is_in_order(gateway: StripeGateway) -> None:
    findings = list(selling.look_at_stripe(gateway))
    assert {each.level for each in findings} == {Level.OK}
    assert any("sends every event" in each.words for each in findings)


def test_stripe_away_is_bad_and_says_what_to_check(deaf_gateway: StripeGateway) -> None:
    [finding] = selling.look_at_stripe(deaf_gateway)
    assert finding.level == Level.BAD
    assert "no_answer" in finding.words
    assert "STRIPE_SECRET_KEY" in finding.remedy


def test_a_key_of_another_mode_is_bad(gateway: StripeGateway, settings: Settings) -> None:
    settings.DEPLOYMENT_MODE = Mode.LIVE
    assert any("no live key" in each for each in bad(selling.look_at_stripe(gateway)))


def test_an_endpoint_of_another_version_is_bad(gateway: StripeGateway, settings: Settings) -> None:
    settings.STRIPE_API_VERSIONS = ["2025-01-01"]
    [words] = bad(selling.look_at_stripe(gateway))
    assert "renders events with 2026-10-28.endive, which STRIPE_API_VERSIONS" in words


def test_an_endpoint_that_is_off_or_sends_too_little_is_bad(
    gateway: StripeGateway, outside: RunningSandbox
) -> None:
    [endpoint] = outside.ask("endpoints")["data"]
    outside.control(
        "endpoints", id=endpoint["id"], status="disabled", enabled_events=[NEEDED, "charge.x"]
    )
    words = bad(selling.look_at_stripe(gateway))
    assert any("is switched off" in each for each in words)
    [missing] = [each for each in words if "does not send" in each]
    assert "charge.dispute.created" in missing
    assert NEEDED not in missing


def test_no_endpoint_of_ours_is_worth_a_look(gateway: StripeGateway, settings: Settings) -> None:
    settings.BASE_URL = "https://shop.example"
    [words] = found(selling.look_at_stripe(gateway), Level.WARN)
    assert "https://shop.example/webhooks/stripe" in words


def test_offers_without_a_price_are_named(now: datetime) -> None:
    assert found(selling.look_at_offers(), Level.WARN) == ["offers: nothing is on sale"]
    offer = OfferFactory(slug="snapshot")
    [words] = found(selling.look_at_offers(), Level.WARN)
    assert "snapshot, version 1" in words
    OfferPrice.objects.create(
        offer=offer,
        mode="sandbox",
        stripe_product_id="prod_1",
        stripe_price_id="price_1",
        created_at=now,
        ready_at=now,
    )
    assert found(selling.look_at_offers(), Level.WARN) == []


def test_late_work_is_bad(now: datetime) -> None:
    event = filed(NEEDED, session_object(CheckoutFactory()))
    at = event.received_at
    assert bad(selling.look_at_work(at + timedelta(minutes=1))) == []
    assert bad(selling.look_at_work(at + timedelta(minutes=9))) == [
        "Stripe events: due since 9 min"
    ]


def test_a_dead_event_waits_for_a_person(now: datetime) -> None:
    event = filed(NEEDED, session_object(CheckoutFactory()))
    StripeWebhookEvent.objects.filter(pk=event.pk).update(state="dead", next_attempt_at=None)
    assert "people: 1 thing(s) wait for a person" in found(selling.look_at_work(now), Level.WARN)


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, Level.OK, "agree"),
        ({"error_class": "GatewayUnknown", "error_code": "no_answer"}, Level.BAD, "no_answer"),
        ({"differences": [{"kind": "payments"}]}, Level.BAD, "1 difference(s)"),
    ],
)
def test_the_last_comparison_is_told(
    now: datetime, changes: dict, level: Level, words: str
) -> None:
    ReconcileRun.objects.create(
        mode="sandbox", started_at=now, finished_at=now, since=now, until=now, **changes
    )
    findings = [
        each for each in found(selling.look_at_work(now), level) if "reconciliation" in each
    ]
    assert len(findings) == 1
    assert words in findings[0]
    later = found(selling.look_at_work(now + timedelta(hours=4)), Level.WARN)
    assert bool(changes) != any("the last one was at" in each for each in later)


def test_the_database_is_looked_at() -> None:
    findings = list(database.look_at_database())
    words = [each.words for each in findings if each.level == Level.OK]
    assert any(each.startswith("Postgres") for each in words)
    assert any("no superuser" in each for each in words)
    assert "all applied" in words
    assert f"all {len(guards.declared())} stand as declared" in words


def test_one_role_for_everything_is_told_as_such() -> None:
    with as_owner():
        [words] = found(database.look_at_database(), Level.WARN)
    assert "owns the tables, so that it could switch their triggers off" in words


def test_a_right_too_many_and_one_too_few_are_told() -> None:
    role = settings.APPLICATION_ROLE or pytest.skip("one role does everything here")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"GRANT DELETE ON ledger_seal TO {role}")
        cursor.execute(f"REVOKE UPDATE ON django_session FROM {role}")
    [words] = bad(database.look_at_database())
    assert words == (
        f"database role: {role} may not UPDATE on django_session; may also DELETE on ledger_seal"
    )


@pytest.mark.parametrize(
    ("table", "trigger"),
    [
        ("revenue_revenueevent", "revenue_revenueevent_append_only"),
        ("ledger_ledgerentry", "ledger_ledgerentry_no_truncate"),
        ("ledger_posting", "ledger_legs_sum_to_zero"),
        ("revenue_offer", "revenue_offer_frozen"),
    ],
)
def test_a_trigger_that_somebody_switched_off_is_named(table: str, trigger: str) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    [finding] = [each for each in database.look_at_database() if each.level == Level.BAD]
    assert f"{finding.what}: {finding.words}" == (
        f"guards: trigger {trigger} of {table} is switched off"
    )
    assert "manage.py restore_guards" in finding.remedy


def test_a_guard_that_only_a_migration_can_make_is_said_so() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_posting DROP CONSTRAINT ledger_one_leg_per_account")
    [finding] = [each for each in database.look_at_database() if each.level == Level.BAD]
    assert finding.words == "unique index ledger_one_leg_per_account of ledger_posting is missing"
    assert "manage.py sqlmigrate" in finding.remedy


def test_a_migration_that_was_not_applied_is_told() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = '0004_reconciling'")
    assert any(each.startswith("migrations: ") for each in bad(database.look_at_database()))


def test_the_seals_key_must_be_its_owners_only(settings: Settings, tmp_path: Path) -> None:
    settings.SEAL_KEY_FILE = tmp_path / "seal.key"
    assert any("is not there yet" in each for each in found(books.look_at_seal_key(), Level.WARN))
    settings.SEAL_KEY_FILE.write_bytes(b"key")
    settings.SEAL_KEY_FILE.chmod(0o644)
    assert any("can be read by others" in each for each in bad(books.look_at_seal_key()))
    settings.SEAL_KEY_FILE.chmod(0o600)
    assert bad(books.look_at_seal_key()) == []


def test_mail_that_reaches_nobody_is_bad_in_live_mode(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert bad(deployment.look_at_mail()) == []
    settings.DEPLOYMENT_MODE = Mode.LIVE
    assert len(bad(deployment.look_at_mail())) == 1


def test_a_mail_server_that_does_not_answer_is_bad(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert bad(deployment.look_at_mail()) == [
        "mail: the SMTP server refuses (ConnectionRefusedError)"
    ]


def test_a_broker_that_is_down_is_bad(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert bad(broker.look_at_broker()) == ["broker: Redis does not answer"]


def test_a_broker_that_is_full_is_bad(settings: Settings, tmp_path: Path) -> None:
    with running_valkey(tmp_path, "--maxmemory", "1") as socket:
        settings.REDIS_URL = f"unix://{socket}?db=0"
        assert bad(broker.look_at_broker()) == [
            "broker: Redis answers but refuses writes (its memory is full)"
        ]


def test_a_redis_that_asks_no_password_is_told(settings: Settings, tmp_path: Path) -> None:
    with running_valkey(tmp_path) as socket:
        settings.REDIS_URL = f"unix://{socket}?db=0"
        assert found(broker.look_at_broker(), Level.WARN) == []

        socket.chmod(0o777)
        assert found(broker.look_at_broker(), Level.WARN) == [
            "Redis' door: open without a password to whoever reaches it"
        ]


def test_a_redis_that_asks_for_a_password_is_in_order(settings: Settings, tmp_path: Path) -> None:
    with running_valkey(tmp_path, "--requirepass", "s3cret") as socket:
        socket.chmod(0o777)
        settings.REDIS_URL = f"unix://{socket}?db=0&password=s3cret"
        assert found(broker.look_at_broker(), Level.WARN) == []
        assert "Redis' door: asks for a password" in found(broker.look_at_broker(), Level.OK)

        settings.REDIS_URL = f"unix://{socket}?db=0&password=wrong"
        assert bad(broker.look_at_broker()) == ["broker: Redis refuses the password"]


def test_an_address_that_buyers_cannot_reach_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "K3jv9Qm2Xr7TzL5wH8nPd4GsYf6BcVtR1kWqEo0ZuMxJiAhCbSgD")
    settings.BASE_URL = "http://localhost:8000"
    assert found(deployment.look_at_settings(), Level.WARN) == []
    settings.DEPLOYMENT_MODE = Mode.TEST
    assert found(deployment.look_at_settings(), Level.WARN) == ["address: http://localhost:8000"]
    settings.DEPLOYMENT_MODE = Mode.LIVE
    assert bad(deployment.look_at_settings()) == ["address: http://localhost:8000"]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("sk_live_51AbCdEfGhIjKlMnOpQrStUvWx", "sk_live_… (fingerprint "),
        ("whsec_abcdefghijklmnopqrstuvwxyz12", "whsec_… (fingerprint "),
        ("short", "short_… (fingerprint "),
    ],
)
def test_a_secret_is_said_by_fingerprint_and_last_four(secret: str, said: str) -> None:
    words = named(secret)
    assert words.startswith(said)
    body = secret.rpartition("_")[2]
    assert body[:-4] not in words or len(secret) < 20
    assert (f"ends in {secret[-4:]}" in words) == (len(secret) >= 20)


@pytest.mark.usefixtures("pages_use_outside")
def test_the_report_shows_no_secret_and_fails_where_something_is_bad(settings: Settings) -> None:
    settings.STRIPE_API_VERSIONS = ["2025-01-01"]
    out = StringIO()
    with pytest.raises(CommandError, match=r"\d+ ok, \d+ warn, [1-9]\d* bad"):
        call_command("doctor", stdout=out)
    report = out.getvalue()
    assert "which STRIPE_API_VERSIONS does not name" in report
    assert "-> Its events are parked. Make a new endpoint" in report
    for secret in (KEY, SECRET):
        assert secret not in report


@pytest.mark.usefixtures("pages_find_stripe_away")
def test_the_report_goes_on_where_stripe_is_away() -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("doctor", stdout=out)
    assert "no_answer" in out.getvalue()
    assert "sweeps" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_pins_and_heads_are_looked_at_without_the_private_half(
    settings: Settings, tmp_path: Path
) -> None:
    settings.SEAL_KEY_FILE, settings.SEALS_LOG = tmp_path / "seal.key", tmp_path / "seals.log"
    assert bad(books.look_at_pins()) == bad(books.look_at_heads(NOON)) == []
    for number in range(3):
        audit(actor_id=None, event="person.reactivated", subject=f"user:{number + 1}", now=NOON)
        call_command("seal_ledger", stdout=StringIO())
    settings.SEAL_KEY_FILE.unlink()
    settings.SEAL_KEY_FILE.mkdir()  # who opens it now fails
    assert bad(books.look_at_pins()) == bad(books.look_at_heads(NOON)) == []

    lines = settings.SEALS_LOG.read_text().splitlines(keepends=True)
    settings.SEALS_LOG.write_text(lines[0] + lines[2])
    (tmp_path / "seal.pins").chmod(0o666)
    [open_to_all] = bad(books.look_at_pins())
    assert "seal.pins can be changed by others" in open_to_all
    (tmp_path / "seal.pins").chmod(0o600)
    (tmp_path / "seal.pins").write_text("")

    assert bad(books.look_at_heads(NOON)) == [
        "seals log: the heads of seals 2 to 2 are no longer kept outside"
    ]
    assert any("nothing that the ledger says can be trusted" in each
               for each in bad(books.look_at_pins()))  # fmt: skip


def test_a_setting_by_its_old_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_EMAILS", "pager@trinity.example")

    findings = found(deployment.look_at_settings(), Level.WARN)

    assert (
        "alerts: SUPPORT_EMAILS is the old name of OPERATOR_EMAILS, and no name in the next version"
    ) in findings


def test_a_secret_that_is_none_is_told_before_it_is_meant(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEPLOYMENT_MODE = Mode.TEST
    monkeypatch.setenv("SECRET_KEY", "k" * 60)

    findings = [
        each for each in found(deployment.look_at_settings(), Level.WARN) if "SECRET_KEY" in each
    ]

    assert [each.partition(";")[0] for each in findings] == [
        "secret: SECRET_KEY has fewer than 10 different characters"
    ]
    assert "kkk" not in findings[0]

"""The house itself: settings, database, mail, the seal's key."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from kernel import grants, guard_check, guards
from kernel.modes import MODE_WORDS, Mode
from kernel.weak_secrets import weak_secrets
from trinity.doctor.findings import Finding, bad, named, ok, warn

POSTGRES_OLDEST: Final = 14
RIGHTS_NAMED: Final = 5
GUARD_REMEDY: Final = (
    "History could be rewritten. Find out who did it; manage.py restore_guards puts it right; "
    "then run manage.py verify_ledger."
)
BY_MIGRATION: Final = (
    "Find out who did it; the migration that made it holds the SQL (manage.py sqlmigrate)."
)
DEAF_MAIL: Final = ("console", "filebased", "locmem", "dummy")


def look_at_settings() -> Iterator[Finding]:
    """Mode, address, secrets by their fingerprints."""
    mode = Mode(settings.DEPLOYMENT_MODE)
    yield ok("mode", f"{mode}. {MODE_WORDS[mode]}")
    is_local = "//localhost" in settings.BASE_URL or "//127." in settings.BASE_URL
    if mode == Mode.LIVE and not settings.IS_HTTPS:
        yield bad("address", settings.BASE_URL, "Set BASE_URL to the public https address.")
    elif is_local and mode != Mode.SANDBOX:
        yield warn("address", settings.BASE_URL, "Set BASE_URL to the address that buyers use.")
    else:
        yield ok("address", settings.BASE_URL)
    if settings.STRIPE_SECRET_KEY:
        yield ok("Stripe key", named(settings.STRIPE_SECRET_KEY))
    else:
        yield bad("Stripe key", "not set", "Set STRIPE_SECRET_KEY; nothing can be sold without.")
    secrets = [named(secret) for secret in settings.STRIPE_WEBHOOK_SECRETS]
    if secrets:
        yield ok("webhook secrets", "; ".join(secrets))
    else:
        yield bad("webhook secrets", "none", "Set STRIPE_WEBHOOK_SECRETS to the endpoint's secret.")
    yield ok("accepted API versions", ", ".join(settings.STRIPE_API_VERSIONS))
    if settings.IS_HTTPS and not settings.TRUSTED_PROXY_COUNT:
        words = "visitors' addresses are not read from X-Forwarded-For: they share one limit"
        yield warn("proxy", words, "Set TRUSTED_PROXY_COUNT to the number of your proxies.")
    if mode == Mode.TEST:
        for sentence in weak_secrets(os.environ):
            yield warn("secret", sentence, "Live mode refuses to start with it.")
    if "SUPPORT_EMAILS" in os.environ:
        words = "SUPPORT_EMAILS is the old name of OPERATOR_EMAILS, and no name in the next version"
        yield warn("alerts", words, "Set OPERATOR_EMAILS instead.")
    if settings.DEBUG:
        yield warn("DEBUG", "on", "Set DEBUG=0 wherever anybody else can reach this.")


def look_at_database() -> Iterator[Finding]:
    """Version, role, migrations, guards, durability."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int, current_setting("
                "'server_version'), current_user, rolsuper, current_setting('fsync'),"
                " current_setting('synchronous_commit') FROM pg_roles WHERE rolname = current_user"
            )
            number, version, role, is_superuser, fsync, commit = cursor.fetchone()
    except DatabaseError:
        yield bad("database", "cannot be reached", "Check DATABASE_URL and that Postgres runs.")
        return
    if number // 10_000 < POSTGRES_OLDEST:
        yield bad("database", f"Postgres {version}", f"Use Postgres {POSTGRES_OLDEST} or newer.")
    else:
        yield ok("database", f"Postgres {version}")
    if is_superuser:
        yield bad(
            "database role",
            f"{role} is a superuser, who can skip every trigger",
            "Let the app log in as a role of its own: LOGIN, not SUPERUSER.",
        )
    else:
        yield from _rights(role)
    if fsync != "on" or commit == "off":
        yield bad(
            "durability",
            f"fsync={fsync}, synchronous_commit={commit}",
            "Switch both on: an acknowledged event must survive a power cut.",
        )
    yield from _migrations()


def _rights(role: str) -> Iterator[Finding]:
    """What the role may do beyond what is declared, or may not do although it has to."""
    if powers := grants.powers(role, using="default"):
        yield warn(
            "database role",
            f"{role} {' and '.join(powers)}; history is safe from mistakes only",
            "Give pages and workers a role of their own (docs/operations.md, Two database roles).",
        )
        return
    wanted = grants.declared(using="default")
    given = grants.given(role, using="default")
    words = [
        f"{verb} {', '.join(map(str, sorted(rights)[:RIGHTS_NAMED]))}"
        for verb, rights in (("may not", wanted - given), ("may also", given - wanted))
        if rights
    ]
    if words:
        yield bad(
            "database role",
            f"{role} {'; '.join(words)}",
            "Run manage.py migrate as the owner of the tables: it sets the rights anew.",
        )
    else:
        yield ok("database role", f"{role}, no superuser, owns no table")


def _migrations() -> Iterator[Finding]:
    loader = MigrationLoader(connection)
    missing = set(loader.graph.nodes) - set(loader.applied_migrations or {})
    if missing:
        yield bad("migrations", f"{len(missing)} not applied", "Run manage.py migrate.")
    else:
        yield ok("migrations", "all applied")
        yield from _guards()


def _guards() -> Iterator[Finding]:
    """What somebody dropped, switched off, replaced or added by hand leaves no other trace."""
    faults = guard_check.faults(using="default")
    for fault in faults:
        yield bad("guards", str(fault), GUARD_REMEDY if fault.repair else BY_MIGRATION)
    if not faults:
        yield ok("guards", f"all {len(guards.declared())} stand as declared")


def look_at_mail() -> Iterator[Finding]:
    """Whether letters to buyers leave this machine."""
    backend = str(settings.EMAIL_BACKEND)
    is_deaf = any(word in backend for word in DEAF_MAIL)
    if is_deaf and settings.DEPLOYMENT_MODE == Mode.LIVE:
        yield bad("mail", f"{backend} reaches nobody", "Set EMAIL_URL to an SMTP server.")
    elif is_deaf:
        yield ok("mail", f"kept on this machine ({backend.rpartition('.')[2]}); see the outbox")
    else:
        yield from _smtp()


def _smtp() -> Iterator[Finding]:
    post = get_connection()
    try:
        post.open()
        post.close()
    except (OSError, SMTPException) as error:
        name = type(error).__name__
        yield bad("mail", f"the SMTP server refuses ({name})", "Check EMAIL_URL and its password.")
    else:
        yield ok("mail", f"the SMTP server answers; from {settings.DEFAULT_FROM_EMAIL}")


def look_at_seal_key() -> Iterator[Finding]:
    """The key that signs the ledger."""
    key = Path(settings.SEAL_KEY_FILE)
    if not key.exists():
        yield warn("seal key", f"{key} is not there yet", "The first seal makes it; back it up.")
    elif stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield bad("seal key", f"{key} can be read by others", f"Run chmod 600 {key}.")
    elif not os.access(key, os.R_OK):
        yield warn("seal key", f"{key} cannot be read by this user", "Run doctor as the worker's.")
    else:
        yield ok("seal key", f"{key}, readable by its owner only")

"""What the environment says: mode, address, secrets; and whether mail leaves this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.core.mail import get_connection

from kernel.modes import MODE_WORDS, Mode
from kernel.weak_secrets import weak_secrets
from trinity.doctor.findings import Finding, bad, named, ok, warn

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

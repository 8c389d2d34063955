"""Telling operators by mail: once per item, five mails an hour, the rest in an hourly digest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Q

from kernel.leases import write_all_fenced
from kernel.liveness import process_number
from kernel.modes import Mode
from notices.outbox.letters import write_letter
from notices.outbox.sending import MAIL_RETRIES
from notices.ports import Letter, Mailer, MailError, MailRefused
from revenue.enums import ToldAs
from revenue.models import OperatorAlert
from revenue.policy import ALERT_HOUR, ALERTS_ALONE_PER_HOUR
from revenue.queries.letters import alert_facts, alert_line

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
LEASE: Final = timedelta(minutes=5)
DIGEST_MAX: Final = 5_000
DIGEST_LINES_MAX: Final = 50
ONE_CLAIMER: Final = "SELECT pg_advisory_xact_lock(hashtext('revenue.send_alerts'))"


@dataclass(frozen=True, slots=True)
class Batch:
    """Alerts that go out in one mail."""

    alerts: Sequence[OperatorAlert]
    told_as: ToldAs


def send_alerts(*, mailer: Mailer, clock: Clock) -> int:
    """Mail what operators have not been told, as far as this hour allows. Returns how many mails.

    An alert that was closed before its mail left is not mailed. Whoever dies between sending and
    writing that down makes the next one send again: better told twice than never.
    """
    sent = 0
    recipients = _recipients()
    while batch := _claim(now=clock()):
        error = _send(batch, recipients=recipients, mailer=mailer)
        if isinstance(error, MailRefused):
            _settle_refused(batch, error=error.code, now=clock())
            break  # the mail server takes nothing now; the next run tries again
        if error is None or isinstance(error, MailError):  # unknown: told once, so it was told
            _settle_told(batch, error="" if error is None else error.code, now=clock())
            sent += 1
        else:
            _settle_refused(batch, error=type(error).__name__, now=clock())
    return sent


def _recipients() -> tuple[str, ...]:
    people = User.objects.filter(is_active=True, groups__name__in=settings.ALERTED_GROUPS)
    addresses = people.exclude(email="").order_by("email").values_list("email", flat=True)
    return tuple(dict.fromkeys([*addresses.distinct(), *settings.OPERATOR_EMAILS]))


def _claim(*, now: datetime) -> Batch | None:
    """Claim what the next mail tells; None when nothing is due or the hour is used up."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(ONE_CLAIMER)  # two workers must not both count four
        told_as = _next_form(now=now)
        if told_as is None:
            return None
        due = OperatorAlert.objects.filter(
            told_at=None, closed_at=None, next_attempt_at__lte=now
        ).order_by("raised_at", "pk")
        alerts = list(due[: 1 if told_as == ToldAs.SINGLE else DIGEST_MAX])
        OperatorAlert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(
            told_as=told_as,
            leased_until=now + LEASE,
            leased_by=process_number(),
            lease_token=F("lease_token") + 1,
            next_attempt_at=now + LEASE,
            attempts=F("attempts") + 1,
        )
    for alert in alerts:  # one claimer at a time: nobody else counts these up
        alert.lease_token += 1
    return Batch(alerts, told_as) if alerts else None


def _next_form(*, now: datetime) -> ToldAs | None:
    """Say in which form the next mail may leave; None where this hour's are used up."""
    lately = Q(told_at__gt=now - ALERT_HOUR) | Q(told_at=None, leased_until__gt=now)
    told = OperatorAlert.objects.filter(lately)
    if told.filter(told_as=ToldAs.SINGLE).count() < ALERTS_ALONE_PER_HOUR:
        return ToldAs.SINGLE
    return None if told.filter(told_as=ToldAs.DIGEST).exists() else ToldAs.DIGEST


def _send(batch: Batch, *, recipients: tuple[str, ...], mailer: Mailer) -> Exception | None:
    """Send one mail. Returns why it did not leave for certain, or None."""
    if not recipients:
        return MailRefused("NobodyToTell", is_final=False)
    try:
        letter = _letter(batch, to=recipients)
    except Exception as error:  # a mail that cannot be written must not hold up the others
        logger.exception("alert not written", extra={"alert": batch.alerts[0].reference})
        return error
    try:
        mailer.send(letter)
    except MailError as error:
        return error
    return None


def _letter(batch: Batch, *, to: tuple[str, ...]) -> Letter:
    lines = [_line(alert) for alert in batch.alerts[:DIGEST_LINES_MAX]]
    facts: dict[str, Any] = {"line": lines[0]}
    if batch.told_as == ToldAs.DIGEST:
        facts = {"lines": lines, "left_out": len(batch.alerts) - len(lines)}
    first = batch.alerts[0]
    return write_letter(
        template=f"revenue/mail/{'digest' if batch.told_as == ToldAs.DIGEST else 'alert'}",
        facts=facts,
        mode=Mode(settings.DEPLOYMENT_MODE),
        to=to,
        reference=f"{first.reference}.{first.attempts + 1}",
    )


def _line(alert: OperatorAlert) -> dict[str, Any]:
    facts = alert_facts(alert)
    return {**facts, **alert_line(kind=alert.kind, facts=facts)}


def _settle_told(batch: Batch, *, error: str, now: datetime) -> None:
    with transaction.atomic(durable=True):
        write_all_fenced(batch.alerts, told_at=now, next_attempt_at=None, error_class=error)


def _settle_refused(batch: Batch, *, error: str, now: datetime) -> None:
    """Try again later, as often as ``MAIL_RETRIES`` says; the dashboard shows them all."""
    tried = max(alert.attempts for alert in batch.alerts) + 1
    over = [alert for alert in batch.alerts if MAIL_RETRIES.is_over(alert.attempts + 1)]
    again = [alert for alert in batch.alerts if not MAIL_RETRIES.is_over(alert.attempts + 1)]
    put_off = {"told_as": "", "error_class": error}
    with transaction.atomic(durable=True):
        write_all_fenced(over, **put_off, next_attempt_at=None)
        write_all_fenced(again, **put_off, next_attempt_at=now + MAIL_RETRIES.after(tried))

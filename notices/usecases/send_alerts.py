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
from django.db.models import Case, F, Q, QuerySet, Value, When

from kernel.leases import write_all_fenced
from kernel.liveness import process_number
from kernel.modes import Mode
from notices import kinds
from notices.enums import ToldAs
from notices.models import OperatorAlert
from notices.outbox.letters import write_letter
from notices.outbox.sending import MAIL_RETRIES
from notices.policy import ALERT_HOUR, ALERTS_ALONE_PER_HOUR
from notices.ports import Letter, Mailer, MailError, MailRefused
from notices.queries.alert_lines import alert_line

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
LEASE: Final = timedelta(minutes=5)
DIGEST_MAX: Final = 5_000
DIGEST_LINES_MAX: Final = 50
ONE_CLAIMER: Final = "SELECT pg_advisory_xact_lock(hashtext('notices.send_alerts'))"


@dataclass(frozen=True, slots=True)
class Batch:
    """Alerts that go out in one mail."""

    alerts: Sequence[OperatorAlert]
    told_as: ToldAs
    told_to: str  # the permission of those who hear of it


def send_alerts(*, mailer: Mailer, clock: Clock) -> int:
    """Mail what operators have not been told, as far as this hour allows. Returns how many mails.

    An alert that was closed before its mail left is not mailed. Whoever dies between sending and
    writing that down makes the next one send again: better told twice than never.
    """
    sent = 0
    while batch := _claim(now=clock()):
        error = _send(batch, mailer=mailer)
        if isinstance(error, MailRefused):
            _settle_refused(batch, error=error.code, now=clock())
            break  # the mail server takes nothing now; the next run tries again
        if error is None or isinstance(error, MailError):  # unknown: told once, so it was told
            _settle_told(batch, error="" if error is None else error.code, now=clock())
            sent += 1
        else:
            _settle_refused(batch, error=type(error).__name__, now=clock())
    return sent


def _recipients(told_to: str) -> tuple[str, ...]:
    people = User.objects.with_perm(told_to).exclude(email="").order_by("email")
    addresses = people.values_list("email", flat=True)
    return tuple(dict.fromkeys([*addresses, *settings.OPERATOR_EMAILS]))


def _claim(*, now: datetime) -> Batch | None:
    """Claim what the next mail tells; None when nothing is due or the hour is used up."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(ONE_CLAIMER)  # two workers must not both count four
        batch = _next(now=now)
        if batch is not None:
            OperatorAlert.objects.filter(pk__in=[alert.pk for alert in batch.alerts]).update(
                told_as=batch.told_as,
                leased_until=now + LEASE,
                leased_by=process_number(),
                lease_token=F("lease_token") + 1,
                next_attempt_at=now + LEASE,
                attempts=F("attempts") + 1,
            )
    for alert in batch.alerts if batch else ():  # one claimer at a time: nobody else counts these
        alert.lease_token += 1
    return batch


def _next(*, now: datetime) -> Batch | None:
    """Return what the next mail tells, the gravest first; who hears of it is one set of people."""
    due = OperatorAlert.objects.filter(told_at=None, closed_at=None, next_attempt_at__lte=now)
    told_to: dict[str, list[str]] = {}
    for name in due.order_by("kind").values_list("kind", flat=True).distinct():
        told_to.setdefault(kinds.kind_of(name).told_to, []).append(name)
    for people, names in told_to.items():
        form = _next_form(people, now=now)
        if form is None:
            continue
        alerts = _gravest_first(due.filter(kind__in=names))
        if told := list(alerts[: 1 if form == ToldAs.SINGLE else DIGEST_MAX]):
            return Batch(told, form, people)
    return None


def _next_form(told_to: str, *, now: datetime) -> ToldAs | None:
    """Say in which form the next mail to them may leave; None where this hour's are used up."""
    names = [kind.name for kind in kinds.known().values() if kind.told_to == told_to]
    lately = Q(told_at__gt=now - ALERT_HOUR) | Q(told_at=None, leased_until__gt=now)
    told = OperatorAlert.objects.filter(lately, kind__in=names)
    if told.filter(told_as=ToldAs.SINGLE).count() < ALERTS_ALONE_PER_HOUR:
        return ToldAs.SINGLE
    return None if told.filter(told_as=ToldAs.DIGEST).exists() else ToldAs.DIGEST


def _gravest_first(alerts: QuerySet[OperatorAlert]) -> QuerySet[OperatorAlert]:
    all_kinds = kinds.known().values()
    grave = [kind.name for kind in all_kinds if kind.severity == kinds.Severity.HIGH]
    rank = Case(When(kind__in=grave, then=Value(0)), default=Value(1))
    return alerts.order_by(rank, "raised_at", "pk")


def _send(batch: Batch, *, mailer: Mailer) -> Exception | None:
    """Send one mail. Returns why it did not leave for certain, or None."""
    recipients = _recipients(batch.told_to)
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
    lines = [alert_line(alert) for alert in batch.alerts[:DIGEST_LINES_MAX]]
    facts: dict[str, Any] = {"line": lines[0]}
    if batch.told_as == ToldAs.DIGEST:
        facts = {"lines": lines, "left_out": len(batch.alerts) - len(lines)}
    first = batch.alerts[0]
    return write_letter(
        template="notices/digest" if batch.told_as == ToldAs.DIGEST else "notices/alert",
        facts=facts,
        mode=Mode(settings.DEPLOYMENT_MODE),
        to=to,
        reference=f"{first.reference}.{first.attempts + 1}",
    )


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

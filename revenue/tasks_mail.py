"""Celery tasks for what leaves the house by mail. Each task does what is due."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from kernel.liveness import database_now
from kernel.modes import Mode
from notices.outbox.draining import mailer, send_due
from revenue.exchanges.mails import BUYER_MAILS
from revenue.usecases.request_order_link import answer_link_requests as answer


def _mode() -> Mode:
    return Mode(settings.DEPLOYMENT_MODE)


@shared_task(name="revenue.send_mail")
def send_mail(**_newer: object) -> int:
    """Send the mails to buyers that are due; say how many were tried."""
    return send_due([BUYER_MAILS], mailer=mailer(), clock=database_now, nudged_by="mail.queued")


@shared_task(name="revenue.answer_link_requests")
def answer_link_requests(**_newer: object) -> int:
    """Answer those who asked for the link to their order."""
    return answer(mode=_mode(), now=database_now())

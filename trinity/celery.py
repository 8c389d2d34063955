"""Celery: it wakes workers up. Truth lives in rows, so a lost message costs seconds."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")

app = Celery("trinity")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def leave_logging_alone(**_signal: object) -> None:
    """Keep Celery from replacing the handlers that ``trinity.logs`` made: they mask."""

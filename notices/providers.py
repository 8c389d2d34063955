"""Picks the adapter that settings name."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from notices.ports import Mailer


@cache
def mailer() -> Mailer:
    """Return what letters leave through."""
    made: Mailer = import_string(settings.MAILER)()
    return made

"""Alerts in Django's admin: to be looked at."""

from __future__ import annotations

from django.contrib import admin

from kernel.admin import LookOnlyAdmin
from notices.models import OperatorAlert


@admin.register(OperatorAlert)
class OperatorAlertAdmin(LookOnlyAdmin):
    """What operators were told."""

    ordering = ("-id",)
    list_display = ("reference", "kind", "subject", "mode", "raised_at", "told_at", "closed_at")
    list_filter = ("kind", "mode")
    search_fields = ("=reference", "=subject")

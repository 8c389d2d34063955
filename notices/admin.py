"""Alerts and mails to the team in Django's admin: to be looked at."""

from __future__ import annotations

from django.contrib import admin

from kernel.admin import LookOnlyAdmin
from notices.models import NoticePreference, OperatorAlert, OutgoingMail


@admin.register(OperatorAlert)
class OperatorAlertAdmin(LookOnlyAdmin):
    """What operators were told."""

    ordering = ("-id",)
    list_display = ("reference", "kind", "subject", "mode", "raised_at", "told_at", "closed_at")
    list_filter = ("kind", "mode")
    search_fields = ("=reference", "=subject")


@admin.register(OutgoingMail)
class OutgoingMailAdmin(LookOnlyAdmin):
    """What the team was mailed."""

    ordering = ("-id",)
    list_display = ("reference", "kind", "lane", "state", "attempts", "queued_at", "sent_at")
    list_filter = ("state", "lane")
    search_fields = ("=reference",)


@admin.register(NoticePreference)
class NoticePreferenceAdmin(LookOnlyAdmin):
    """What people of the team chose to hear."""

    ordering = ("-id",)
    list_display = ("user", "muted", "time_zone", "quiet_from", "quiet_until", "deputy")
    list_select_related = ("user", "deputy")

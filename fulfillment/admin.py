"""fulfillment in the admin: to look at."""

from __future__ import annotations

from django.contrib import admin

from fulfillment.models import AcquisitionRun, OrderIntake, RunEvent
from kernel.admin import LookOnlyAdmin


class OrderIntakeAdmin(LookOnlyAdmin):
    """Paid orders, taken in for work."""

    list_display = (
        *("reference", "order_ref", "mode", "funded_minor", "currency", "frozen_reason"),
        *("opened_at", "trace"),
    )
    list_filter = ("frozen_reason", "mode")
    search_fields = ("=reference", "=order_ref", "=trace_ref")
    search_help_text = "A whole reference, order or trace"
    ordering = ("-id",)


class AcquisitionRunAdmin(LookOnlyAdmin):
    """Runs."""

    list_display = ("reference", "state", "kind", "mode", "deadline", "trace")
    list_filter = ("state", "mode")
    search_fields = ("=reference", "=trace_ref")
    search_help_text = "A whole reference or trace"
    ordering = ("-id",)


class RunEventAdmin(LookOnlyAdmin):
    """What happened in runs."""

    list_display = ("reference", "kind", "run", "mode", "occurred_at")
    list_filter = ("kind", "mode")
    list_select_related = ("run",)
    search_fields = ("=reference", "=run__reference")
    search_help_text = "A whole reference, of an event or a run"
    ordering = ("-id",)


admin.site.register(OrderIntake, OrderIntakeAdmin)
admin.site.register(AcquisitionRun, AcquisitionRunAdmin)
admin.site.register(RunEvent, RunEventAdmin)

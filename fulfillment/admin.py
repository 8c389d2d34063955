"""fulfillment in the admin: to look at."""

from __future__ import annotations

from django.contrib import admin

from fulfillment.models import (
    AcquisitionRun,
    Brief,
    Deliverable,
    Lookup,
    OrderIntake,
    RunEvent,
    RuntimeStatus,
    Section,
    Source,
    Turn,
)
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


class BriefAdmin(LookOnlyAdmin):
    """What runs are about: who said so and when, without the words."""

    list_display = ("reference", "run", "given_as", "mode", "given_at")
    list_filter = ("given_as", "mode")
    list_select_related = ("run",)
    exclude = ("company", "website", "question", "salt")
    search_fields = ("=reference", "=run__reference")
    search_help_text = "A whole reference, of a brief or a run"
    ordering = ("-id",)


class TurnAdmin(LookOnlyAdmin):
    """Turns of the agent."""

    list_display = ("reference", "run", "purpose", "state", "lane", "outcome", "opened_at")
    list_filter = ("state", "purpose", "outcome", "mode")
    list_select_related = ("run",)
    search_fields = ("=reference", "=run__reference")
    search_help_text = "A whole reference, of a turn or a run"
    ordering = ("-id",)


class RuntimeStatusAdmin(LookOnlyAdmin):
    """How the agent's runtime stands."""

    list_display = ("status", "faults", "since", "noted_at")


class RunEventAdmin(LookOnlyAdmin):
    """What happened in runs."""

    list_display = ("reference", "kind", "run", "mode", "occurred_at")
    list_filter = ("kind", "mode")
    list_select_related = ("run",)
    search_fields = ("=reference", "=run__reference")
    search_help_text = "A whole reference, of an event or a run"
    ordering = ("-id",)


class SourceAdmin(LookOnlyAdmin):
    """Pages that were read for runs: where from and when, without what they say."""

    list_display = ("reference", "state", "run", "content_type", "size", "mode", "read_at")
    list_filter = ("state", "mode")
    list_select_related = ("run",)
    exclude = ("body", "text", "text_salt")
    search_fields = ("=reference", "=run__reference")
    search_help_text = "A whole reference, of a source or a run"
    ordering = ("-id",)


class LookupAdmin(LookOnlyAdmin):
    """What runs wanted looked up on the web."""

    list_display = ("reference", "kind", "state", "run", "attempts", "error", "mode", "asked_at")
    list_filter = ("kind", "state", "mode")
    list_select_related = ("run",)
    exclude = ("found", "found_salt")
    search_fields = ("=reference", "=run__reference", "=call_ref")
    search_help_text = "A whole reference, of a lookup, a run or a tool call"
    ordering = ("-id",)


class SectionAdmin(LookOnlyAdmin):
    """Versions of sections, without what they say."""

    list_display = ("reference", "name", "run", "written_by", "mode", "written_at")
    list_filter = ("name", "mode")
    list_select_related = ("run", "written_by")
    exclude = ("content", "content_salt")
    search_fields = ("=reference", "=run__reference")
    search_help_text = "A whole reference, of a section or a run"
    ordering = ("-id",)


class DeliverableAdmin(LookOnlyAdmin):
    """What runs handed in, without its bytes."""

    list_display = ("reference", "kind", "state", "run", "number", "mode", "made_at", "trace")
    list_filter = ("state", "mode")
    list_select_related = ("run",)
    exclude = ("page", "pdf")
    search_fields = ("=reference", "=run__reference", "=trace_ref")
    search_help_text = "A whole reference, of a document, a run or a trace"
    ordering = ("-id",)


admin.site.register(Deliverable, DeliverableAdmin)
admin.site.register(Section, SectionAdmin)
admin.site.register(OrderIntake, OrderIntakeAdmin)
admin.site.register(AcquisitionRun, AcquisitionRunAdmin)
admin.site.register(Brief, BriefAdmin)
admin.site.register(Turn, TurnAdmin)
admin.site.register(RuntimeStatus, RuntimeStatusAdmin)
admin.site.register(RunEvent, RunEventAdmin)
admin.site.register(Source, SourceAdmin)
admin.site.register(Lookup, LookupAdmin)

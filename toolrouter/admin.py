"""toolrouter in the admin: to look at, nothing else."""

from __future__ import annotations

from django.contrib import admin

from kernel.admin import LookOnlyAdmin
from toolrouter.models import (
    CallCount,
    Capture,
    ConfirmedPayee,
    DatabaseStart,
    Grant,
    GrantSubject,
    Incident,
    ProjectSettings,
    ProviderReadiness,
    ProviderReceipt,
    Purchase,
    PurchaseReceipt,
    Reservation,
    RunToken,
    SafetyChange,
    SafetySettings,
    Seat,
    SeatBinding,
    SpendCap,
    Stop,
    ToolCall,
)


class SafetySettingsAdmin(LookOnlyAdmin):
    """The account's safety settings."""

    list_display = ("__str__", "posture", "outreach_open", "spend_open", "stopped_at", "held_at")


class ProjectSettingsAdmin(LookOnlyAdmin):
    """The safety settings of projects."""

    list_display = ("project_ref", "posture", "stopped_at", "held_at", "opened_at")
    list_filter = ("posture",)
    search_fields = ("=project_ref",)
    ordering = ("-id",)


class GrantAdmin(LookOnlyAdmin):
    """What runs may do."""

    list_display = (
        *("reference", "run_code", "run_ref", "kind", "mode", "funded_minor", "currency"),
        *("expires_at", "trace"),
    )
    list_filter = ("kind", "mode", "posture")
    search_fields = ("=reference", "=run_ref", "=run_code", "=trace_ref")
    search_help_text = "A whole reference, run, code or trace"
    ordering = ("-id",)


class GrantSubjectAdmin(LookOnlyAdmin):
    """Whom runs may know of."""

    list_display = ("reference", "subject_ref", "grant", "added_by", "added_at")
    list_select_related = ("grant", "added_by")
    search_fields = ("=reference", "=subject_ref")
    ordering = ("-id",)


class SpendCapAdmin(LookOnlyAdmin):
    """How much may be spent."""

    list_display = (
        *("reference", "scope", "ref", "family", "time_window", "mode"),
        *("limit_minor", "currency", "changed_at"),
    )
    list_filter = ("scope", "mode", "time_window")
    search_fields = ("=reference", "=ref")
    ordering = ("-id",)


class RunTokenAdmin(LookOnlyAdmin):
    """Tokens of runs. The secret is nowhere, and its digest is nobody's to read."""

    list_display = ("reference", "grant", "made_by", "made_at", "expires_at", "last_used_at")
    list_select_related = ("grant", "made_by")
    exclude = ("token_sha256",)
    search_fields = ("=reference",)
    ordering = ("-id",)


class SeatAdmin(LookOnlyAdmin):
    """Credentials of the agent's runtime. The secret is nowhere, its digest is nobody's to read."""

    list_display = ("reference", "lane", "made_at", "listed_at", "last_used_at", "ended_at")
    exclude = ("token_sha256",)
    list_filter = ("lane",)
    search_fields = ("=reference",)
    ordering = ("-id",)


class SeatBindingAdmin(LookOnlyAdmin):
    """Which run each seat served, and when."""

    list_display = ("reference", "seat", "grant", "bound_at", "closed_at", "freed_at")
    list_select_related = ("seat", "grant")
    search_fields = ("=reference", "=seat__reference", "=grant__run_ref")
    ordering = ("-id",)


class StopAdmin(LookOnlyAdmin):
    """Who stopped what, and who released it."""

    list_display = ("reference", "scope", "ref", "stopped_by", "stopped_at", "released_at")
    list_select_related = ("stopped_by",)
    list_filter = ("scope",)
    search_fields = ("=reference", "=ref")
    ordering = ("-id",)


class IncidentAdmin(LookOnlyAdmin):
    """What people have to look into."""

    list_display = ("reference", "kind", "scope", "ref", "opened_at", "closed_at")
    list_filter = ("kind", "scope")
    search_fields = ("=reference", "=ref", "=about_ref")
    ordering = ("-id",)


class SafetyChangeAdmin(LookOnlyAdmin):
    """The history of safety settings. Why people changed them is on their page, not here."""

    exclude = ("reason", "reason_salt")
    list_display = (
        *("reference", "scope", "ref", "setting", "old_value", "new_value"),
        *("changed_by", "changed_at"),
    )
    list_select_related = ("changed_by",)
    list_filter = ("setting", "scope")
    search_fields = ("=reference", "=ref")
    ordering = ("-id",)


admin.site.register(SafetySettings, SafetySettingsAdmin)
admin.site.register(ProjectSettings, ProjectSettingsAdmin)
admin.site.register(Grant, GrantAdmin)
admin.site.register(GrantSubject, GrantSubjectAdmin)
admin.site.register(Seat, SeatAdmin)
admin.site.register(SeatBinding, SeatBindingAdmin)
admin.site.register(SpendCap, SpendCapAdmin)
admin.site.register(RunToken, RunTokenAdmin)
admin.site.register(Stop, StopAdmin)
admin.site.register(Incident, IncidentAdmin)
admin.site.register(SafetyChange, SafetyChangeAdmin)


class ToolCallAdmin(LookOnlyAdmin):
    """Tool calls, without what was asked: their page shows it to those who may read it."""

    exclude = ("asked", "asked_salt")
    list_display = ("reference", "operation", "state", "codes", "run_ref", "mode", "asked_at")
    list_filter = ("state", "mode", "operation")
    search_fields = ("=reference", "=run_ref", "=trace_ref", "=subject_ref")
    search_help_text = "A whole reference of a call, run, trace or deal"
    ordering = ("-id",)


class ProviderReceiptAdmin(LookOnlyAdmin):
    """What providers' own records say of what was done."""

    list_display = ("reference", "call", "state", "provider", "differs", "mode", "made_at")
    list_select_related = ("call",)
    list_filter = ("state", "mode")
    search_fields = ("=reference", "=call__reference", "=provider_ref")
    search_help_text = "A whole reference of a receipt or call, or the provider's own"
    ordering = ("-id",)


class ProviderReadinessAdmin(LookOnlyAdmin):
    """What was proved of providers. The fingerprint of a key is nobody's to read."""

    list_display = ("reference", "provider", "level", "mode", "address", "code", "noted_at")
    list_filter = ("provider", "level", "mode")
    exclude = ("key_salt", "key_digest")
    search_fields = ("=reference", "=account_ref")
    search_help_text = "A whole reference, or the provider's own name of the account"
    ordering = ("-id",)


class CallCountAdmin(LookOnlyAdmin):
    """How many calls a run made in a minute."""

    list_display = ("grant", "minute", "calls", "proposals")
    list_select_related = ("grant",)
    ordering = ("-id",)


admin.site.register(ToolCall, ToolCallAdmin)
admin.site.register(ProviderReceipt, ProviderReceiptAdmin)
admin.site.register(ProviderReadiness, ProviderReadinessAdmin)


class DatabaseStartAdmin(LookOnlyAdmin):
    """When the database was last compared with what is kept outside of it."""

    list_display = ("server_started_at", "compared_at", "head_outside", "is_shorter")
    ordering = ("-id",)


admin.site.register(CallCount, CallCountAdmin)


class ReservationAdmin(LookOnlyAdmin):
    """Money that is set aside for spends."""

    list_display = (
        *("reference", "call", "state", "ceiling_minor", "currency", "family", "mode"),
        *("run_ref", "reserved_at", "closed_at"),
    )
    list_select_related = ("call",)
    list_filter = ("state", "mode")
    search_fields = ("=reference", "=call__reference", "=run_ref", "=project_ref")
    search_help_text = "A whole reference of a reservation, call, run or project"
    ordering = ("-id",)


class CaptureAdmin(LookOnlyAdmin):
    """Money that was taken."""

    list_display = (
        *("reference", "reservation", "amount_minor", "currency", "family", "mode"),
        *("run_ref", "captured_at"),
    )
    list_select_related = ("reservation",)
    list_filter = ("mode",)
    search_fields = ("=reference", "=reservation__reference", "=run_ref", "=project_ref")
    search_help_text = "A whole reference of a capture, reservation, run or project"
    ordering = ("-id",)


admin.site.register(Reservation, ReservationAdmin)
admin.site.register(Capture, CaptureAdmin)
admin.site.register(DatabaseStart, DatabaseStartAdmin)


class PurchaseAdmin(LookOnlyAdmin):
    """What people buy by hand."""

    list_display = (
        *("reference", "state", "approved_minor", "currency", "paid_minor", "paid_currency"),
        *("category", "mode", "run_ref", "due_at", "closed_by", "trace"),
    )
    list_select_related = ("closed_by",)
    list_filter = ("state", "mode", "category")
    search_fields = ("=reference", "=call__reference", "=run_ref", "=payee", "=trace_ref")
    search_help_text = "A whole reference of a purchase, call, run or trace, or a domain"
    ordering = ("-id",)


class PurchaseReceiptAdmin(LookOnlyAdmin):
    """Receipts of purchases, without their files."""

    exclude = ("content",)
    list_display = ("reference", "purchase", "kind", "size_bytes", "mode", "kept_by", "kept_at")
    list_select_related = ("purchase", "kept_by")
    search_fields = ("=reference", "=purchase__reference")
    ordering = ("-id",)


class ConfirmedPayeeAdmin(LookOnlyAdmin):
    """Payees that an owner knows."""

    list_display = ("reference", "payee", "mode", "purchase", "confirmed_by", "confirmed_at")
    list_select_related = ("purchase", "confirmed_by")
    search_fields = ("=reference", "=payee", "=purchase__reference")
    ordering = ("-id",)


admin.site.register(Purchase, PurchaseAdmin)
admin.site.register(PurchaseReceipt, PurchaseReceiptAdmin)
admin.site.register(ConfirmedPayee, ConfirmedPayeeAdmin)

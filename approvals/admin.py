"""Approvals in the admin: to look at."""

from __future__ import annotations

from django.contrib import admin

from approvals.models import ApprovalField, ApprovalRequest, Decision, Revocation
from kernel.admin import LookOnlyAdmin


class ApprovalRequestAdmin(LookOnlyAdmin):
    """Questions to people."""

    list_display = ("reference", "kind", "rule", "state", "mode", "opened_at", "trace")
    list_filter = ("state", "rule", "mode")
    search_fields = ("=reference", "=subject_ref", "=run_ref", "=trace_ref")
    search_help_text = "A whole reference, of a request, what it is about, a run or a trace"
    ordering = ("-id",)


class ApprovalFieldAdmin(LookOnlyAdmin):
    """What was approved, field by field."""

    list_display = ("request", "part", "name", "value", "digest")
    list_filter = ("part",)
    list_select_related = ("request",)
    search_fields = ("=request__reference",)
    search_help_text = "The whole reference of a request"
    ordering = ("-id",)


class DecisionAdmin(LookOnlyAdmin):
    """What people answered."""

    list_display = ("reference", "request", "person", "verdict", "factor", "decided_at")
    list_filter = ("verdict", "factor")
    list_select_related = ("request", "person")
    search_fields = ("=reference", "=request__reference")
    search_help_text = "A whole reference, of a decision or a request"
    ordering = ("-id",)


class RevocationAdmin(LookOnlyAdmin):
    """Approvals that somebody took back."""

    list_display = ("request", "person", "revoked_at")
    list_select_related = ("request", "person")
    search_fields = ("=request__reference",)
    search_help_text = "The whole reference of a request"
    ordering = ("-id",)


admin.site.register(ApprovalRequest, ApprovalRequestAdmin)
admin.site.register(ApprovalField, ApprovalFieldAdmin)
admin.site.register(Decision, DecisionAdmin)
admin.site.register(Revocation, RevocationAdmin)

"""crm in the admin: to look at. Verbs are on the console's pages, where they are audited."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from crm.models import Activity, Company, Contact, Deal, Project, TrappedRequest
from kernel.admin import LookOnlyAdmin


class ProjectAdmin(LookOnlyAdmin):
    """Workspaces."""

    list_display = ("reference", "name", "created_at")


class CompanyAdmin(LookOnlyAdmin):
    """Companies."""

    list_display = ("reference", "name", "domain", "is_sample", "created_at")
    list_filter = ("is_sample",)
    search_fields = ("=reference", "=domain")
    search_help_text = "A whole reference or domain"
    ordering = ("-id",)


class ContactAdmin(LookOnlyAdmin):
    """People."""

    list_display = ("reference", "name", "email", "is_sample", "erased_at", "created_at")
    list_filter = ("is_sample",)
    list_select_related = ("company",)
    search_fields = ("=reference", "=email_key")
    search_help_text = "A whole reference or e-mail address (in lower case)"
    ordering = ("-id",)


class DealAdmin(LookOnlyAdmin):
    """Deals. Titles name companies: they are for those who may see contacts."""

    list_display = ("reference", "stage", "mode", "amount_minor", "currency", "created_at", "trace")
    list_filter = ("stage", "mode")
    search_fields = ("=reference", "=trace_ref", "=won_order_ref")
    search_help_text = "A whole reference, trace or order"
    ordering = ("-id",)

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:  # noqa: ARG002  # Django calls it
        """Hide the title from those who may not see contacts."""
        return () if request.user.has_perm("crm.view_contact") else ("title",)


class ActivityAdmin(LookOnlyAdmin):
    """Lines of the timeline; the salts of their words stay out of sight."""

    list_display = ("reference", "kind", "deal", "mode", "occurred_at")
    list_filter = ("kind", "mode")
    list_select_related = ("deal",)
    search_fields = ("=reference", "=key", "=deal__reference")
    search_help_text = "A whole reference, key or deal"
    exclude = ("words_salt",)
    ordering = ("-id",)


class TrappedRequestAdmin(LookOnlyAdmin):
    """Requests that a program seems to have sent."""

    list_display = ("reference", "name", "company", "mode", "caught_at")
    search_fields = ("=reference", "=email_key")
    ordering = ("-id",)


admin.site.register(Project, ProjectAdmin)
admin.site.register(TrappedRequest, TrappedRequestAdmin)
admin.site.register(Company, CompanyAdmin)
admin.site.register(Contact, ContactAdmin)
admin.site.register(Deal, DealAdmin)
admin.site.register(Activity, ActivityAdmin)

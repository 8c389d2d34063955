"""Admin pages for tables that are only looked at: history, money, decisions."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

COUNT_MAX: Final = 10_000  # rows that a list counts; beyond that, narrow it down


class QuickPaginator(Paginator):  # type: ignore[type-arg]  # generic only in the stubs
    """Pages without counting a big table: at most COUNT_MAX rows are counted and paged."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, or COUNT_MAX."""
        rows: Any = self.object_list  # a query set here; the stubs allow any sequence
        return int(rows[:COUNT_MAX].count())


class LookOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # one base for many models
    """Nothing can be added, changed or deleted here, whatever the permissions say."""

    show_full_result_count = False
    paginator = QuickPaginator
    list_per_page = 50

    def has_add_permission(self, *_: Any) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, *_: Any) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        """Return False."""
        return False

    @admin.display(description="trace")
    def trace(self, row: Model) -> str:
        """Return a link to the page that shows the whole sale."""
        trace_ref = str(getattr(row, "trace_ref", ""))
        if not trace_ref:
            return "–"
        try:
            address = reverse("trace", args=[trace_ref])
        except NoReverseMatch:
            return trace_ref
        return format_html('<a href="{}">{}</a>', address, trace_ref)

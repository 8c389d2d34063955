"""Admin pages for tables that are only looked at: history, money, decisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from kernel.folding import folded
from kernel.money import Money

COUNT_MAX: Final = 10_000  # rows that a list counts; beyond that, narrow it down
MINOR: Final = "_minor"
REFERENCE: Final = re.compile(r"[a-z]{2,8}_[0-9A-Za-z_]{14,}")
# What Django's own list filters write into an address.
LOOKUPS: Final = frozenset(
    {"", "exact", "in", "isnull", "gte", "lt", "id__exact", "id__isnull", "pk__exact"}
)
Column = str | Callable[[Model], str]


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

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        self._columns = {field.name: field for field in self.opts.fields}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Narrow a list only by what it offers: else any column could be guessed, bit by bit."""
        name, _, how = lookup.partition("__")
        offered = {each for each in self.list_filter if isinstance(each, str)}
        return name in offered and how in LOOKUPS and super().lookup_allowed(lookup, value, request)

    def get_list_display(self, request: HttpRequest) -> tuple[Column, ...]:
        """Return the columns; money is said as everywhere, long references are folded."""
        names = self._without_currency(list(super().get_list_display(request)))
        return tuple(self._listed(name) for name in names)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return one plain set of fields, with money as everywhere."""
        names = self._without_currency(list(self.get_fields(request, obj)))
        return [(None, {"fields": [self._amount_name(name) for name in names]})]

    def _without_currency(self, names: Sequence[object]) -> list[object]:
        """An amount says its currency itself."""
        has_amount = any(self._is_amount(name) for name in names)
        return [name for name in names if name != "currency" or not has_amount]

    def _is_amount(self, name: object) -> bool:
        return str(name).endswith(MINOR) and name in self._columns and "currency" in self._columns

    def _amount_name(self, name: object) -> object:
        """Give the amount in words a name of its own, for pages that know columns by name."""
        if not self._is_amount(name):
            return name
        stem = str(name).removesuffix(MINOR)
        if not hasattr(self, stem):
            setattr(self, stem, _amount(str(name)))
        return stem

    def _listed(self, name: object) -> Column:
        if self._is_amount(name):
            return _amount(str(name))
        field = self._columns.get(str(name))
        if isinstance(field, models.CharField) and not field.choices:
            return _folded(str(name), label=str(field.verbose_name))
        return str(name)

    def has_add_permission(self, *_: object) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, *_: object) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, *_: object) -> bool:
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
        return format_html('<a href="{}">{}</a>', address, folded(trace_ref))


def _amount(name: str) -> Callable[[Model], str]:
    """Return a column that says ``name`` of a row in its currency."""

    @admin.display(description=name.removesuffix(MINOR).replace("_", " "), ordering=name)
    def amount(row: Model) -> str:
        amount_minor, currency = attrgetter(name, "currency")(row)
        return "–" if amount_minor is None else str(Money(amount_minor, currency))

    return amount


def _folded(name: str, *, label: str) -> Callable[[Model], str]:
    """Return a column that folds ``name`` of a row where it is a long reference."""

    @admin.display(description=label, ordering=name, empty_value="–")
    def text(row: Model) -> str:
        value = str(getattr(row, name) or "")
        return folded(value) if REFERENCE.fullmatch(value) else value

    return text

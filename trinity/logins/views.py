"""The page of logins, for owners."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel.paging import Cursor
from kernel.permissions import needs
from trinity.logins import queries


@require_safe
@never_cache
@needs("logins.view_refusalcount")
def logins(request: HttpRequest) -> HttpResponse:
    """List who logged in and what they did with it, and what did not get in."""
    cursor = Cursor.from_query(request.GET)
    page = queries.logins(cursor=cursor)
    is_newest = cursor.before is None and cursor.after is None
    context = {
        "nav": "logins",
        "lines": page.rows,
        "is_newest": is_newest,
        "refusals": queries.refusals() if is_newest else [],
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "logins/list.html", context)

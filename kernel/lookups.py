"""What a page does with what was not found."""

from __future__ import annotations

from typing import TypeVar

from django.http import Http404

T = TypeVar("T")


def found_or_404(found: T | None) -> T:
    """Return what a query found. Raises Http404 where that is nothing."""
    if found is None:
        raise Http404
    return found

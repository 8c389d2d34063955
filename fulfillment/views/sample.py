"""What a snapshot looks like, for whoever thinks of buying one."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fulfillment.snapshots.document import Document, Issue, Maker, lay_out
from fulfillment.snapshots.page import as_page, policy_of
from fulfillment.snapshots.pdf import as_pdf
from fulfillment.snapshots.sample import PAGES, SNAPSHOT
from kernel.permissions import public

MADE_ON: Final = date(2026, 10, 20)


@public
@require_safe
def sample_page(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # the same for everybody
    """Show the sample."""
    page = _page()
    response = HttpResponse(page)
    response["Content-Security-Policy"] = policy_of(page)
    return response


@public
@require_safe
def sample_pdf(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # the same for everybody
    """Download the sample's PDF."""
    response = HttpResponse(_pdf(), content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="sample-snapshot.pdf"'
    return response


@cache
def _page() -> bytes:
    return as_page(_document())


@cache
def _pdf() -> bytes:
    return as_pdf(_document())


def _document() -> Document:
    issue = Issue(
        reference="sample", seller=settings.SELLER_NAME, made_on=MADE_ON, maker=Maker.SAMPLE
    )
    return lay_out(SNAPSHOT, PAGES, issue=issue)

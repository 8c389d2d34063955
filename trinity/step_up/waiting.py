"""What waits while somebody proves who they are: an address of ours, and perhaps a form for it.

A waiting form travels in the pages themselves, as hidden inputs of its own names; our own inputs
beside it begin with ``proof-``. No session, cache or table holds it, and no log.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, ResolverMatch, resolve

OURS: Final = "proof-"
TOKEN: Final = "csrfmiddlewaretoken"  # noqa: S105  # the name of a field
HOME: Final = "/console/"
# Whoever typed one of these types it again: a page must not carry it around.
SECRET: Final = re.compile(r"passw|credential|secret|token|^code$|[-_]code$", re.IGNORECASE)
# Of one waiting form, as a browser sends it: with a proof beside it, it must fit into what a page
# takes (``kernel.permissions``).
FIELDS_MAX, BYTES_MAX = 150, 48 * 1024
ADDRESS_MAX: Final = 2_000
NO_FORM, WHOLE, PART = "", "whole", "part"
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """Where the person wanted to go, and the form that they sent there."""

    address: str = HOME
    form: str = NO_FORM  # WHOLE: all of it waits here. PART: some must be typed again.
    fields: Fields = ()

    @property
    def path(self) -> str:
        """Return the address without its query."""
        return urlsplit(self.address).path

    @property
    def match(self) -> ResolverMatch | None:
        """Return which view the address leads to."""
        return _resolved(self.address)

    @property
    def view(self) -> Callable[..., object] | None:
        """Return the view at the address."""
        return self.match.func if self.match else None

    @property
    def is_form(self) -> bool:
        """Say whether a form waits here that can be sent as it is."""
        return self.form == WHOLE


def interrupted(request: HttpRequest) -> PendingRequest:
    """Return what waits when ``request`` was refused for want of a proof."""
    if request.method != "POST":
        return PendingRequest(address=_ours(request.get_full_path()))
    fields, is_whole = _carried(request.POST)
    return _of(request.get_full_path(), is_whole=is_whole and not request.FILES, fields=fields)


def asked_for(request: HttpRequest) -> PendingRequest:
    """Return what waits according to the page that the person answered, or to its address."""
    if request.method != "POST":
        return PendingRequest(address=_ours(request.GET.get(REDIRECT_FIELD_NAME, "")))
    address, form = request.POST.get(f"{OURS}next", ""), request.POST.get(f"{OURS}form", NO_FORM)
    if form == NO_FORM:
        return PendingRequest(address=_ours(address))
    fields, is_whole = _carried(request.POST)
    return _of(address, is_whole=is_whole and form == WHOLE, fields=fields)


def _of(address: str, *, is_whole: bool, fields: Fields) -> PendingRequest:
    checked = _ours(address)
    match = _resolved(checked)
    # A form waits for nothing but a view that asks for a proof: this page is no way to any other.
    if match is None or not getattr(match.func, "needs_fresh_login", False):
        return PendingRequest(address=checked)
    return PendingRequest(
        address=checked, form=WHOLE if is_whole else PART, fields=fields if is_whole else ()
    )


def _carried(posted: QueryDict) -> tuple[Fields, bool]:
    """Return the fields that may travel, in their order, and whether those are all."""
    theirs = [
        (name, value)
        for name, values in posted.lists()
        if name != TOKEN and not name.startswith(OURS)
        for value in values
    ]
    open_ones = tuple((name, value) for name, value in theirs if not SECRET.search(name))
    if len(open_ones) > FIELDS_MAX or len(urlencode(open_ones)) > BYTES_MAX:
        return (), False
    return open_ones, len(open_ones) == len(theirs)


def _ours(address: str) -> str:
    """Return ``address`` if it is the path of a page of ours, else the console's front page."""
    is_path = address.startswith("/") and not address.startswith(("//", "/\\"))
    is_clean = address.isprintable() and "\\" not in address and len(address) <= ADDRESS_MAX
    return address if is_path and is_clean and _resolved(address) else HOME


def _resolved(address: str) -> ResolverMatch | None:
    try:
        return resolve(urlsplit(address).path)
    except (Resolver404, ValueError):
        return None

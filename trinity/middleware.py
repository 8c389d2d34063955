"""What stands between the server and every view."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django_structlog.middlewares import RequestMiddleware
from redis.exceptions import RedisError

from kernel.connections import is_database_away
from kernel.permissions import View, body_bytes_max, is_for_file
from trinity.errors import database_away, too_large, unavailable
from trinity.paths import page_above
from trinity.people.queries import must_set_up_second_factor
from trinity.uploads import OneFile

logger = logging.getLogger(__name__)
NUL: Final = "\0"
COOKIE_CHARS_MAX: Final = 4096  # what a browser keeps (RFC 6265)
FITS_NOTHING: Final = "\N{REPLACEMENT CHARACTER}"
GetResponse = Callable[[HttpRequest], HttpResponse]


class ClientAddress:
    """Behind trusted proxies, let REMOTE_ADDR be the visitor's own address.

    ``TRUSTED_PROXY_COUNT`` says how many proxies of ours append to X-Forwarded-For; what stands
    further left was written by the visitor and is not believed. Limits per address depend on it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Believe the one hop that the nearest trusted proxies vouch for."""
        count: int = settings.TRUSTED_PROXY_COUNT
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        # Fewer hops than proxies: it came past them (a health check), and its own address is true.
        if 0 < count <= len(hops) and _is_address(hops[-count]):
            request.META["REMOTE_ADDR"] = hops[-count]
        return self.get_response(request)


def _is_address(hop: str) -> bool:
    """Say whether it can be one: Postgres stores no other where somebody logged in."""
    try:
        ip_address(hop)
    except ValueError:
        return False
    return True


class ReadableCookies:
    """Leave out cookies that no server of ours made: control characters, or far too long.

    A browser sends back what it was given; what is looked up by such a value fails in the
    database. (Quoted values may hold any character: ``"\\000"`` is NUL.)
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on the request with the others."""
        fitting = {
            name: value
            for name, value in request.COOKIES.items()
            if name.isprintable() and value.isprintable() and len(value) <= COOKIE_CHARS_MAX
        }
        if len(fitting) < len(request.COOKIES):
            request.COOKIES = fitting
        return self.get_response(request)


class BodyLimit:
    """Refuse a body that is longer than its page can need, before anything of it is read.

    Stands ahead of the check of the form's key, which reads the whole form.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the work is in ``process_view``, which knows the page."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, _args: object, _kwargs: object
    ) -> HttpResponse | None:
        """Answer 413 to what is too long; let all else pass, a file only where it is asked for."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isdecimal() and int(length) <= body_bytes_max(view)):
            return too_large(request)
        if is_for_file(view):
            request.upload_handlers = [OneFile(request)]
        return None


class RequestLog(RequestMiddleware):  # type: ignore[misc]  # untyped where Django's stubs are not
    """One line for each request; without a traceback where the database is away.

    Each would say the same. ``trinity.errors`` counts them.
    """

    def _process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if not is_database_away(exception):
            super()._process_exception(request, exception)


class FailClosed:
    """Answer 503 when Redis or the database is down and a view could not do without it.

    Login counts its attempts in Redis. A login that cannot count is refused, never let through.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the work is in ``process_exception``."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Turn a failure of either into a page that says so; leave all others alone."""
        if is_database_away(error):
            return database_away(request, error)
        if not isinstance(error, RedisError):
            return None
        logger.error("refused: redis is down", extra={"error": type(error).__name__})
        return unavailable(request)


class NoNul:
    """Keep the one character that Postgres stores in no text away from every look-up.

    A path that holds it leads nowhere. In the words behind the question mark it is read as what
    Django makes of broken UTF-8 there: a character that fits nothing. Forms refuse it themselves.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Raise Http404 for such a path; pass on the rest, cleaned."""
        if NUL in request.path:
            raise Http404("NUL in the address")
        if "%00" in request.META.get("QUERY_STRING", ""):
            request.GET = _without_nul(request.GET)  # type: ignore[assignment]  # stubs: theirs only
        return self.get_response(request)


def _without_nul(typed: QueryDict) -> QueryDict:
    cleaned = QueryDict(mutable=True)
    for name, words in typed.lists():
        fitting = [word.replace(NUL, FITS_NOTHING) for word in words]
        cleaned.setlist(name.replace(NUL, FITS_NOTHING), fitting)
    return cleaned


class OwnersProveTwice:
    """In live mode, lead an owner without a second factor to where one is set up; nowhere else.

    A password alone must not return money, nor say who belongs to the team. Whoever lost their
    factors has them taken away in the shell (``reset_login --mfa``), and lands here.
    """

    ON_THE_WAY: Final = frozenset(
        {
            "account_login",
            "account_logout",
            "account_reauthenticate",
            "mfa_index",
            "mfa_activate_totp",
            "mfa_add_webauthn",
        }
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the work is in ``process_view``, which knows the page."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, _args: object, _kwargs: object
    ) -> HttpResponse | None:
        """Redirect such an owner from every page that is neither public nor on that way."""
        if getattr(view, "required_permission", "") is None:
            return None
        match = request.resolver_match
        if match is not None and match.view_name in self.ON_THE_WAY:
            return None
        if not must_set_up_second_factor(request.user):
            return None
        messages.warning(request, "Set up a second factor first: an owner needs one in live mode.")
        return redirect("mfa_index")


class WayBack:
    """Lead whoever opens the address that a form is sent to back to the page with the form.

    Reloading what a form answered, or opening it from the history, asks for that address by GET.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the nearest page above. An address for programs ends without a slash."""
        response = self.get_response(request)
        if response.status_code == 405 and request.method == "GET" and request.path.endswith("/"):
            return redirect(page_above(request.path))
        return response


class PrivatePages:
    """Let no cache, and no Back button after the logout, keep a page made for one person."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Forbid to store the answer if the view asked who is logged in, and somebody was."""
        response = self.get_response(request)
        user = getattr(request, "_cached_user", None)
        if user is not None and user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response


class CutSessionIds:
    """Show the ids of Stripe's Checkout Sessions cut to whoever may not see buyers' links.

    Such an id, whole, opens the buyer's order for two days, as a link from a mail does. It stands
    on the trace, on orders, in events, in the ledger and in the admin: here none can be forgotten.
    """

    MAY_SEE: Final = "revenue.view_orderlink"
    # As it is written, and as ``kernel.folding`` folds it.
    WHOLE: Final = re.compile(
        rb"(\bcs_(?:test_|live_)?[A-Za-z0-9]{5})"
        rb'(?:<span class="ref-cut">[A-Za-z0-9]++</span>|[A-Za-z0-9]{7,}+)'
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Cut what a view that asked who is logged in wrote for somebody without the right."""
        response = self.get_response(request)
        user = getattr(request, "_cached_user", None)
        if user is None or response.streaming or b"cs_" not in response.content:
            return response
        if user.is_authenticated and not user.has_perm(self.MAY_SEE):
            response.content = self.WHOLE.sub(_cut, response.content)
        return response


def _cut(found: re.Match[bytes]) -> bytes:
    tail = b"" if found[0].endswith(b">") else found[0][-6:]
    return found[1] + "…".encode() + tail

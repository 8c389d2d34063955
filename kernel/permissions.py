"""Views say who may open them. A view without such a word is found by a test.

``public`` marks a page for anybody; ``needs`` asks for a login and one permission; ``fresh_login``
also asks the person to prove once more who they are. All leave the word on the view, so that the
matrix of roles and addresses is read from the code itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from kernel.uploads import FILE_BYTES_MAX

View = Callable[..., HttpResponseBase]
BODY_BYTES_MAX: Final = 64 * 1024  # the longest note, were each character an emoji


def public(view: View) -> View:
    """Mark a page that anybody may open."""
    view.required_permission = None  # type: ignore[attr-defined]  # read by the matrix test
    return view


def needs(permission: str) -> Callable[[View], View]:
    """Ask for a login and for ``permission`` (``app.codename``): else the login page, or 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.has_perm(permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined]  # see above
        return guarded

    return decorate


def takes_bytes(most: int) -> Callable[[View], View]:
    """Let a page take a body of up to ``most`` bytes, where the usual 64 KiB are too few."""

    def decorate(view: View) -> View:
        view.body_bytes_max = most  # type: ignore[attr-defined]  # read by ``body_bytes_max``
        return view

    return decorate


def takes_file(view: View) -> View:
    """Let a page take one file of up to FILE_BYTES_MAX, and a form around it. Others take none."""
    view.takes_file = True  # type: ignore[attr-defined]  # read by ``is_for_file``
    return takes_bytes(FILE_BYTES_MAX + BODY_BYTES_MAX)(view)


def is_for_file(view: View) -> bool:
    """Say whether ``view`` takes a file."""
    return bool(getattr(view, "takes_file", False))


def body_bytes_max(view: View) -> int:
    """Return the most bytes that ``view`` takes."""
    return int(getattr(view, "body_bytes_max", BODY_BYTES_MAX))


def fresh_login(
    view: View,
    *,
    allow_get: bool = False,
    only_if: Callable[[HttpRequest], bool] | None = None,
) -> View:
    """Let in who proved in the last minutes who they are; ask everybody else for that proof first.

    ``allow_get``: the page may be read without, and only a form that is sent needs it. ``only_if``
    says for whom it is asked at all. Stands below ``needs``: nobody is asked to prove who they are
    for a page that is not theirs. What counts as a proof is the account adapter's to say; the
    middleware answers who has none (``trinity.step_up``).
    """
    guarded: View = reauthentication_required(view, allow_get=allow_get, enabled=only_if)
    guarded.needs_fresh_login = True  # type: ignore[attr-defined]  # read by the matrix test
    return guarded

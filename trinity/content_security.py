"""What a browser lets our pages load, run and send."""

from __future__ import annotations

from collections.abc import Iterable


def policy(*, form_targets: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return the content security policy, as django-csp reads it.

    Everything comes from our own origin, nothing stands inline, and nobody frames us; forms go to
    ``form_targets`` besides.
    """
    own = ["'self'"]
    return {
        "DIRECTIVES": {
            "default-src": ["'none'"],
            "script-src": own,
            "style-src": own,
            "img-src": own,
            "font-src": own,
            "connect-src": own,
            "form-action": [*own, *form_targets],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
            "manifest-src": own,
        }
    }

"""What follows from the public address: how cookies are named, and whom HSTS may bind."""

from __future__ import annotations

from typing import Final

# Under a country, these are registries: shop.co.uk is an apex domain, not a part of co.uk.
REGISTRIES: Final = frozenset(
    {"ac", "co", "com", "edu", "gob", "gov", "gv", "ne", "net", "or", "org"}
)


def is_below_apex(host: str) -> bool:
    """Say whether ``host`` is a name below somebody's domain (``shop.example.com``).

    HSTS for the subdomains of an apex domain would bind sites that are none of ours, plain HTTP
    ones too. What looks like either counts as an apex; HSTS_SUBDOMAINS decides where this is wrong.
    """
    labels = host.strip(".").split(".")
    if labels[-1].isdigit() or ":" in host:  # an address, not a name
        return False
    is_under_registry = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in REGISTRIES
    return len(labels) - is_under_registry > 2


def cookie_name(name: str, *, port: int, is_https: bool) -> str:
    """Return what a cookie of ours is called.

    ``__Host-`` makes a browser refuse it unless it is secure, for the whole host, and set by that
    host itself: a sister domain cannot plant one. Over plain HTTP the port keeps two stacks apart.
    """
    return f"__Host-trinity_{name}" if is_https else f"trinity_{name}_{port}"

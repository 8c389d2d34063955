"""What the team calls its members."""

from __future__ import annotations

from django.contrib.auth.models import User


def name_of(user: User | None) -> str:
    """Return what colleagues call ``user``: the name, else the address; "" for nobody."""
    if user is None:
        return ""
    return user.get_full_name() or user.email or user.get_username()

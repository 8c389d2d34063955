"""Addresses of ours, and how they lie above one another."""

from __future__ import annotations

from django.urls import is_valid_path


def page_above(path: str) -> str:
    """Return the nearest page above ``path``; the front page where there is none."""
    while path != "/":
        path = path[:-1].rpartition("/")[0] + "/"
        if is_valid_path(path):
            return path
    return path

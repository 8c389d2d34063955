"""``{% address "name" %}``: an address, or nothing where no page has that name."""

from __future__ import annotations

from django import template
from django.urls import NoReverseMatch, reverse

register = template.Library()


@register.simple_tag
def address(name: str, default: str = "") -> str:
    """Return the address of the page called ``name``, else ``default``."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return default

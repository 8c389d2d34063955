"""How money, modes and times are said on every page."""

from __future__ import annotations

from django import template

from kernel.money import Money

register = template.Library()


@register.filter
def money(amount_minor: int | None, currency: str) -> str:
    """Say ``amount_minor`` of ``currency``: ``$1.00 USD``; a dash where there is none."""
    return "–" if amount_minor is None else str(Money(amount_minor, currency))


@register.filter
def figure(amount_minor: int | None, currency: str) -> str:
    """Say ``amount_minor`` with the symbol only: ``$1.00``."""
    return "–" if amount_minor is None else Money(amount_minor, currency).figure()

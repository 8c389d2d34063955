"""``{% console_links %}``: the side navigation as this person sees it on this page."""

from __future__ import annotations

from typing import Any

from django import template

from trinity.navigation import Link, links_for, waiting_counts
from trinity.people.queries import must_set_up_second_factor

register = template.Library()


@register.simple_tag(takes_context=True)
def console_links(context: dict[str, Any]) -> dict[str, list[Link]]:
    """Return the groups of links; the page says its section as ``nav`` in its context.

    There are none for whoever sets up a second factor first.
    """
    request = context["request"]
    if must_set_up_second_factor(request.user):
        return {}
    match = request.resolver_match
    url_name = (match.url_name if match else "") or ""
    counts = context.get("waiting_counts")  # a page that has counted already
    return links_for(
        request.user,
        section=context.get("nav", url_name),
        url_name=url_name,
        counts=waiting_counts(request.user) if counts is None else counts,
    )

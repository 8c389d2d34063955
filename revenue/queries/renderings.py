"""Other renderings of one event."""

from __future__ import annotations

from django.conf import settings

from revenue.models import EventRendering, StripeWebhookEvent


def is_readable(api_version: str) -> bool:
    """Say whether we read what is rendered for this version."""
    return api_version in settings.STRIPE_API_VERSIONS


def readable_rendering(event: StripeWebhookEvent) -> EventRendering | None:
    """Return what came of an event in a version we read, beside one that we do not."""
    if is_readable(event.api_version):
        return None
    known = EventRendering.objects.filter(event=event, api_version__in=settings.STRIPE_API_VERSIONS)
    return known.order_by("pk").first()

"""In which renderings an event came: of the version that its row names, and of others."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import QuerySet

from revenue.models import EventRendering, StripeWebhookEvent


def is_readable(api_version: str) -> bool:
    """Say whether we read what is rendered for this version."""
    return api_version in settings.STRIPE_API_VERSIONS


def is_own_body_read(event: StripeWebhookEvent) -> bool:
    """Say whether the body that the event itself keeps is of a version we read."""
    return event.body is not None and is_readable(event.api_version)


def other_renderings(event: StripeWebhookEvent) -> QuerySet[EventRendering]:
    """Return what came of an event in versions we read, beside its own; the first one first."""
    known = EventRendering.objects.filter(event=event, api_version__in=settings.STRIPE_API_VERSIONS)
    return known.order_by("pk")


def is_rendered_readably(event: StripeWebhookEvent) -> bool:
    """Say whether an event came in a version we read."""
    return is_readable(event.api_version) or other_renderings(event).exists()


def readable_bodies(event: StripeWebhookEvent) -> Iterator[bytes]:
    """Yield the bodies of an event in versions we read. Asks for others only after its own."""
    if is_own_body_read(event):
        yield bytes(event.body or b"")
    for rendering in other_renderings(event):
        if rendering.body is not None:
            yield bytes(rendering.body)

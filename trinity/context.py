"""What every page knows: the mode it lives in and who sells."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from kernel.modes import MODE_WORDS
from notices.queries import are_mails_files


def deployment(_request: HttpRequest) -> dict[str, object]:
    """Return the deployment's mode in words, and the seller."""
    mode = settings.DEPLOYMENT_MODE
    return {
        "deployment_mode": mode,
        "deployment_words": MODE_WORDS[mode],
        "are_mails_files": are_mails_files(),
        "seller_name": settings.SELLER_NAME,
        "seller_address": settings.SELLER_ADDRESS,
        "seller_contact": settings.SELLER_CONTACT,
    }

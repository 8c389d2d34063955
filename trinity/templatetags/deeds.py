"""``{% deed as words %}``: what a person is about to do when they are asked who they are."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django import template
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.urls import Resolver404, resolve

register = template.Library()

# By the name of the address that waits behind the question. A form that was sent is acted on at
# once after the answer, so the button must say what it does.
DEEDS: Final = {
    "order-refund": "go on with the refund",
    "offer-publish": "publish the offer",
    "offer-retire": "take the offer off sale",
    "person-invite": "go on with the invitation",
    "person-invite-again": "send the invitation again",
    "person-role": "change the role",
    "person-deactivate": "close the account",
    "person-reactivate": "open the account again",
    "mfa_activate_totp": "set up an app",
    "mfa_deactivate_totp": "remove the app",
    "mfa_add_webauthn": "add a passkey",
    "mfa_edit_webauthn": "rename the passkey",
    "mfa_remove_webauthn": "remove the passkey",
    "mfa_generate_recovery_codes": "make new recovery codes",
    "mfa_view_recovery_codes": "see the recovery codes",
    "mfa_download_recovery_codes": "download the recovery codes",
}
UNKNOWN: Final = "go on"


@register.simple_tag(takes_context=True)
def deed(context: dict[str, Any]) -> str:
    """Return the words for what waits: ``publish the offer``; ``go on`` where nobody knows."""
    request = context["request"]
    given = request.POST if request.method == "POST" else request.GET
    try:
        name = resolve(urlsplit(given.get(REDIRECT_FIELD_NAME, "")).path).url_name
    except (Resolver404, ValueError):
        return UNKNOWN
    return DEEDS.get(name or "", UNKNOWN)

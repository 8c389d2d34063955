"""A code that somebody typed as their second factor is taken, once."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from cryptography.fernet import InvalidToken
from django.db import transaction

from trinity.people.operations import use_totp_counter

logger = logging.getLogger(__name__)


@transaction.atomic(durable=True)
def accept_code(*, user_id: int, code: str) -> Authenticator | None:
    """Return the factor that ``code`` belongs to, and take it; None if it is wrong or was used.

    An app's code is right for its own half minute and the ones before and after; it is taken only
    if it is newer than the last one that this person used, wherever that was. A recovery code is
    taken once. Two who send the same code at the same moment: one of them gets in.
    """
    typed = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)
    for factor in typed.filter(user_id=user_id).select_related("user"):
        if _is_taken(factor, code):
            return factor
    return None


def _is_taken(factor: Authenticator, code: str) -> bool:
    try:
        if factor.type == Authenticator.Type.TOTP:
            counters = fitting_counters(decrypt(factor.data["secret"]), code)
            return any(use_totp_counter(factor.user_id, counter) for counter in counters)
        return bool(factor.wrap().validate_code(code))
    except InvalidToken:
        # SECRET_KEY was replaced without a fallback; `manage reset_second_factors` is the way on.
        logger.error("a second factor cannot be decrypted", extra={"user_id": factor.user_id})
        return False


def fitting_counters(secret: str, code: str) -> Iterator[int]:
    """Yield the half minutes around now for which ``code`` is right, the oldest first."""
    for counter in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            yield counter

"""A door is shown a run token."""

from __future__ import annotations

from django.db import transaction

from toolrouter.models import RunToken
from toolrouter.planning import USE_NOTED_EVERY
from toolrouter.queries.credentials import Credential, credential_of


def authenticate(token: str) -> Credential | None:
    """Return whom ``token`` lets in, and note that it was used, at most once a minute.

    None where nobody has such a token: the door answers 401. Every other standing than ``open`` is
    answered in words. One statement, and two more when the use is noted.
    """
    credential = credential_of(token)
    if credential is None or not credential.is_open:
        return credential
    used = credential.last_used_at
    if used is None or credential.now - used >= USE_NOTED_EVERY:
        with transaction.atomic(durable=True):
            RunToken.objects.filter(pk=credential.token_id).update(last_used_at=credential.now)
    return credential

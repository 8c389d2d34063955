"""An agent asks what it may ask for."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from toolrouter import queries
from toolrouter.answers import Answer
from toolrouter.operations.asking import names_its_run, refuse_wrong_run
from toolrouter.operations.counting import one_too_many, shut_out
from toolrouter.operations.recording import Asked
from toolrouter.queries.credentials import Credential


def list_capabilities(credential: Credential, run: object) -> dict[str, Any]:
    """Return what the run may ask for, also while everything else is stopped or held.

    A wrong run, which is written down, and what is too much for one minute are answered as ever.
    A token that was revoked or has expired is told nothing.
    """
    if refusal := one_too_many(credential, is_written=False):
        return refusal.as_content()
    if code := shut_out(credential):
        return Answer.denied(code).as_content()
    if names_its_run(credential, run):
        return queries.list_capabilities(credential)
    asked = Asked(
        credential=credential, run=run, operation="list_capabilities", arguments={}, entry=None
    )
    with transaction.atomic(durable=True):
        return refuse_wrong_run(asked).as_content()

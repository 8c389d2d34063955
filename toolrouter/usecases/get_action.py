"""An agent asks what became of a call of its."""

from __future__ import annotations

from django.db import transaction

from toolrouter.answers import Answer
from toolrouter.operations.asking import names_its_run, refuse_wrong_run
from toolrouter.operations.counting import one_too_many, shut_out
from toolrouter.operations.recording import Asked
from toolrouter.queries.calls import answer_of_action
from toolrouter.queries.credentials import Credential


def get_action(credential: Credential, run: object, action: object) -> Answer:
    """Answer where ``action`` stands, also while everything else is stopped or held.

    An action of another run does not exist. Only a wrong run is written down. A token that was
    revoked or has expired is told nothing.
    """
    if refusal := one_too_many(credential, is_written=False):
        return refusal
    if code := shut_out(credential):
        return Answer.denied(code)
    if names_its_run(credential, run):
        return answer_of_action(grant_id=credential.grant_id, action=action)
    asked = Asked(
        credential=credential,
        run=run,
        operation="get_action",
        arguments={"action": action},
        entry=None,
    )
    with transaction.atomic(durable=True):
        return refuse_wrong_run(asked)

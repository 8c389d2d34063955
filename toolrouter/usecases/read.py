"""An agent uses one of the tools that only read."""

from __future__ import annotations

from django.db import transaction

from toolrouter.answers import Answer
from toolrouter.operations.asking import ask
from toolrouter.operations.counting import one_too_many
from toolrouter.operations.recording import Asked
from toolrouter.queries.credentials import Credential
from toolrouter.registry import registry


def read(credential: Credential, run: object, tool: str, arguments: object) -> Answer:
    """Answer what ``tool`` reads. Each call is a new one, written down without what it returned."""
    if refusal := one_too_many(credential):
        return refusal
    entry = registry().of_tool(tool)
    asked = Asked(
        credential=credential,
        run=run,
        operation=entry.name if entry else tool,
        arguments=arguments,
        entry=entry,
    )
    with transaction.atomic(durable=True):
        return ask(asked)

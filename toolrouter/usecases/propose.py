"""An agent asks for something to be done, or for something to be read."""

from __future__ import annotations

import re
from typing import Final

from django.db import transaction

from toolrouter.answers import Answer
from toolrouter.operations.asking import ask
from toolrouter.operations.counting import one_too_many
from toolrouter.operations.recording import Asked, KeyTaken
from toolrouter.planning import TOKEN_PREFIX
from toolrouter.queries.credentials import Credential
from toolrouter.registry import registry

# An agent's own name for a call; no room for a name of somebody's, an address or a token: people
# see it on pages.
KEY: Final = re.compile(rf"(?!.*{TOKEN_PREFIX})[A-Za-z0-9][A-Za-z0-9._:/#+=-]{{0,99}}")
TRIES_MAX: Final = 3


class KeyUnsettled(Exception):
    """Calls with one key kept overtaking each other. Ask again."""


def propose(
    credential: Credential, run: object, operation: object, arguments: object, key: object
) -> Answer:
    """Answer at once what becomes of ``operation`` with ``arguments``; nothing waits for a person.

    ``key`` is the agent's own and unique within its run: the same key with the same operation and
    arguments is the same call and answer (a read runs again), with others a conflict. What is
    denied is written down with all its reasons, as carefully as what is done; only what is too
    much for one minute is merely counted. Raises KeyUnsettled.
    """
    entry = registry().find(operation)
    needs_person = entry is not None and entry.risk.needs_person
    if refusal := one_too_many(credential, needs_person=needs_person):
        return refusal
    is_key_good = isinstance(key, str) and KEY.fullmatch(key) is not None
    asked = Asked(
        credential=credential,
        run=run,
        operation=operation,
        arguments=arguments,
        entry=entry,
        key=str(key) if is_key_good else None,
        is_key_bad=not is_key_good,
    )
    for _ in range(TRIES_MAX):
        try:
            with transaction.atomic(durable=True):
                return ask(asked)
        except KeyTaken:
            continue
    raise KeyUnsettled(credential.grant_ref)

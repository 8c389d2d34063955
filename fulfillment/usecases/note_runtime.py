"""Somebody says how the agent's runtime stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from fulfillment.enums import RuntimeState
from fulfillment.operations.runtimes import write_runtime
from fulfillment.ports import Fault


@transaction.atomic(durable=True)
def note_runtime(state: RuntimeState, *, faults: Sequence[Fault], now: datetime) -> None:
    """Write it down."""
    write_runtime(state, faults=faults, now=now)

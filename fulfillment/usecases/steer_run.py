"""A person pauses, resumes, retries or stops a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from fulfillment.operations import progress
from kernel.transitions import IllegalMove

_STEPS: Final[Mapping[str, Callable[..., None]]] = {
    "pause": progress.pause,
    "resume": progress.resume,
    "retry": progress.retry,
    "stop": progress.stop,
}
VERBS: Final = tuple(_STEPS)


class NotNow(Exception):
    """The run stands where that cannot be done, or somebody was faster."""


def steer_run(run_ref: str, *, verb: str, by_id: int | None, now: datetime) -> None:
    """Do what a person wants with a run. Raises NotNow, KeyError, AcquisitionRun.DoesNotExist."""
    step = _STEPS[verb]
    with transaction.atomic(durable=True):
        try:
            step(progress.lock_run(run_ref), now=now, by_id=by_id)
        except IllegalMove as refused:
            raise NotNow(run_ref) from refused

"""Nudges: a word to a worker that something waits. They may be lost; sweeps may not.

``trinity/flow.py`` maps a topic to task names. A nudge carries ids only, and the broker being
down never fails the caller: the row it speaks of has a state, and a sweep will find it.
"""

from __future__ import annotations

import logging
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def nudge(topic: str, **ids: int) -> None:
    """Queue every task listed under ``topic`` now. A broker that is down is logged, not raised."""
    for task_name in settings.FLOW[topic]:
        try:
            current_app.send_task(task_name, kwargs=ids, retry=False)
        except (OperationalError, OSError) as error:
            logger.warning("nudge lost", extra={"topic": topic, "error": type(error).__name__})


def nudge_after_commit(topic: str, **ids: int) -> None:
    """Queue every task listed under ``topic`` once the caller's transaction has committed."""
    if topic not in settings.FLOW:
        raise KeyError(f"trinity/flow.py has no topic {topic!r}")
    transaction.on_commit(partial(nudge, topic, **ids))

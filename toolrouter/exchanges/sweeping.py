"""Doing what is due, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

logger = logging.getLogger(__name__)


def one_by_one(call_refs: Iterable[str], work: Callable[[str], bool]) -> int:
    """Do ``work`` for each call; return of how many it said yes.

    One that raises holds up no other; what it raised is raised in the end.
    """
    done, problem = 0, None
    for call_ref in call_refs:
        try:
            done += work(call_ref)
        except Exception as error:
            logger.exception("call left as it is", extra={"call": call_ref})
            problem = error
    if problem is not None:
        raise problem
    return done

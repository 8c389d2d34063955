"""Whether heads kept outside the database hang together, by what they say themselves."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.chain import GENESIS
from ledger.ports import Head


def faults(previous: Head | None, head: Head) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with ``head`` after ``previous``: a code word and a sentence each.

    ``previous`` is None before the first one, which is that of seal 1.
    """
    before = previous.number if previous else 0
    if head.number <= before:
        says = f"the head of seal {head.number} was kept after that of {before}"
        yield "heads_out_of_order", says
    elif head.number > before + 1:
        missing = f"{before + 1} to {head.number - 1}"
        yield "heads_missing", f"the heads of seals {missing} are no longer kept outside"
    if not head.is_whole:  # as 0.1 wrote them
        if previous and previous.is_whole:
            yield "head_changed", f"the head kept of seal {head.number} lost its signature"
        return
    if head.body.seal_hash() != head.seal_hash:
        yield "head_changed", f"the head kept of seal {head.number} was changed"
    elif head.number == before + 1 and head.previous_hash != (
        previous.seal_hash if previous else GENESIS
    ):
        says = f"the head kept of seal {head.number} does not follow the one before it"
        yield "head_changed", says

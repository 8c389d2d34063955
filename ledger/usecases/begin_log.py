"""A person says that no older head is kept outside: another log begins."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger.exchanges.seals import publish_heads
from ledger.operations import audit
from ledger.ports import HeadSink
from ledger.queries.outside import LOG_BEGUN_ANEW, seal_key_ref
from ledger.queries.seals import newest_seal


def begin_log(*, sink: HeadSink, now: datetime) -> int:
    """Publish the chain as it is to a log that begins now; return how many heads.

    What such a log says proves nothing about the time before it: the entry lets whoever compares
    know. Not in a transaction. Raises HeadsBroken while heads are kept, and as ``publish_heads``.
    """
    sink.begin_anew()
    if newest := newest_seal():
        subject = seal_key_ref(newest.key_id)
        with transaction.atomic(durable=True):
            audit(actor_id=None, event=LOG_BEGUN_ANEW, subject=subject, now=now)
    return publish_heads(sink=sink, begins_anew=True)

"""What Celery calls."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from ledger import providers
from ledger.exchanges.seals import seal_due
from ledger.queries.seals import newest_seal


@shared_task(name="ledger.seal")
def seal() -> int:
    """Seal what is due; return how many entries. Swept every ten seconds."""
    now = timezone.now()
    signer = providers.signer(may_make=newest_seal() is None, now=now)
    return seal_due(signer=signer, sink=providers.head_sink(), now=now)

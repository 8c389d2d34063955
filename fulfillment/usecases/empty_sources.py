"""What was read on the web is kept as text; its bytes go after a while, and what a search found."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from fulfillment.models import Lookup, Source
from fulfillment.policy import FOUND_KEPT, SOURCE_BYTES_KEPT

AT_ONCE: Final = 200


def empty_old_sources(*, now: datetime) -> int:
    """Blank the bytes of sources that were read long ago, and results of old searches.

    Returns how many sources there were. Safe to repeat, or to end halfway.
    """
    emptied = 0
    while batch := _empty(now=now):
        emptied += batch
    with transaction.atomic(durable=True):
        old = Lookup.objects.filter(found__isnull=False, ended_at__lt=now - FOUND_KEPT)
        old.update(asked="", found=None, found_salt="")  # asked again, it is looked for anew
    return emptied


def _empty(*, now: datetime) -> int:
    with transaction.atomic(durable=True):
        old = Source.objects.filter(emptied_at__isnull=True, read_at__lt=now - SOURCE_BYTES_KEPT)
        ids = list(old.order_by("read_at").values_list("pk", flat=True)[:AT_ONCE])
        return Source.objects.filter(pk__in=ids).update(body=None, emptied_at=now)

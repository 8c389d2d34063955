"""``manage.py seed_sample --rows N``: made-up rows, to see the pages full and to measure them."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from crm import operations as crm
from crm import queries as crm_queries
from fulfillment import operations as fulfillment
from fulfillment.operations import SampleOrder
from kernel.modes import Mode
from ledger import operations as ledger
from revenue.operations import seeding as revenue
from revenue.operations.seeding import WonDeal

LIVE_KEY: Final = re.compile(r"^[a-z]{2,4}_live_", re.IGNORECASE)
ROWS_MAX: Final = 2_000_000
DEALS_AT_ONCE: Final = 5_000
BATCH: Final = 50_000
ENTRIES_PER_ROW: Final = 5


class Command(BaseCommand):
    """Seed sample rows of mode *sample*: plainly labelled, and never added to other modes.

    ``--rows 1000`` makes 1,000 contacts, 200 deals, 1,000 orders and 5,000 ledger entries.
    Repeating adds nothing; a larger number adds the rest.
    """

    help = "Make sample rows (mode sample) to see the pages full. Refuses in live mode."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take how many."""
        parser.add_argument("--rows", type=int, default=1_000, help="contacts and orders to make")
        parser.add_argument(
            "--no-ledger", action="store_true", help="make no ledger entries, which take longest"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Seed, telling how far it is."""
        rows: int = options["rows"]
        _refuse_live()
        if not 0 < rows <= ROWS_MAX:
            raise CommandError(f"--rows is between 1 and {ROWS_MAX:,}.")
        self.began = time.monotonic()
        now = timezone.now()
        with transaction.atomic(durable=True):
            seeded = crm.seed_sample(rows=rows, now=now)
        self._tell(f"{seeded.contacts:,} contacts, {seeded.deals:,} deals")
        with transaction.atomic(durable=True):
            offer_id = revenue.seed_sample_offer(now=now)
        sold = self._orders_of_deals(offer_id=offer_id)
        made = self._orders(total=rows - min(sold, rows), offer_id=offer_id, now=now)
        if not options["no_ledger"]:
            self._entries(count=made * ENTRIES_PER_ROW)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self._tell("done; every row is labelled sample")

    def _orders_of_deals(self, *, offer_id: int) -> int:
        """Make an order, an intake and a run for each won deal; say how many there are."""
        after = count = 0
        while sales := crm_queries.sample_sales(after_deal_id=after, limit=DEALS_AT_ONCE):
            after = sales[-1].deal_id
            deals = [
                WonDeal(
                    deal_id=sale.deal_id,
                    contact_id=sale.contact_id,
                    trace_ref=sale.trace_ref,
                    order_ref=sale.order_ref,
                    won_at=sale.won_at,
                )
                for sale in sales
            ]
            projects = {sale.trace_ref: sale.project_ref for sale in sales}
            with transaction.atomic(durable=True):
                orders = revenue.seed_sample_of_deals(deals=deals, offer_id=offer_id)
                fulfillment.seed_sample(
                    orders=[
                        SampleOrder(
                            order_id=order.id,
                            order_ref=order.reference,
                            offer_id=order.offer_id,
                            deal_id=order.deal_id,
                            trace_ref=order.trace_ref,
                            project_ref=projects[order.trace_ref],
                            amount=order.amount,
                            paid_at=order.placed_at,
                        )
                        for order in orders
                    ]
                )
            count += len(orders)
            self._tell(f"{count:,} orders of won deals, each with intake and run")
        return count

    def _orders(self, *, total: int, offer_id: int, now: datetime) -> int:
        made = 0
        for first in range(1, total + 1, BATCH):
            last = min(first + BATCH - 1, total)
            with transaction.atomic(durable=True):
                made += revenue.seed_sample(
                    total=total, first=first, last=last, offer_id=offer_id, now=now
                )
            self._tell(f"{last:,} of {total:,} direct orders")
        return made

    def _entries(self, *, count: int) -> None:
        for done in range(0, count, BATCH):
            with transaction.atomic(durable=True):
                ledger.seed_sample(count=min(BATCH, count - done), now=timezone.now())
            self._tell(f"{min(done + BATCH, count):,} of {count:,} ledger entries")

    def _tell(self, words: str) -> None:
        self.stdout.write(f"{time.monotonic() - self.began:7.1f} s  {words}")


def _refuse_live() -> None:
    if settings.DEPLOYMENT_MODE == Mode.LIVE or LIVE_KEY.match(settings.STRIPE_SECRET_KEY):
        raise CommandError(
            "seed_sample refuses to run in live mode or with a live Stripe key: made-up rows have "
            "no place beside real money."
        )

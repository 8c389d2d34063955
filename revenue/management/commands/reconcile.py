"""``manage.py reconcile [--days N]``: hold our books against Stripe's, now."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandError

from kernel.money import Money
from revenue.enums import Gap
from revenue.models import ReconcileRun
from revenue.ports import GatewayError
from revenue.providers import gateway_for_worker
from revenue.usecases.reconcile import DAYS_DEFAULT, AlreadyRunning, reconcile


class Command(BaseCommand):
    """Fetch what was missed, book fees, name what differs. Exit code 1 where anything differs."""

    help = "Fetch what Stripe could not deliver, book fees, and compare our books with Stripe's."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how far to look back."""
        parser.add_argument(
            "--days", type=int, default=DAYS_DEFAULT, help="full days before today (default 7)"
        )

    def handle(self, *_args: object, days: int, **_options: object) -> None:
        """Compare, and say what was found."""
        if not 0 <= days <= 365:
            raise CommandError("--days must be between 0 and 365.")
        try:
            run = reconcile(
                gateway=gateway_for_worker(), clock=lambda: datetime.now(UTC), days=days
            )
        except AlreadyRunning as error:
            raise CommandError(
                "Another comparison is under way. It ends by itself; try again in some minutes."
            ) from error
        except GatewayError as error:
            raise CommandError(
                f"Stripe could not be read ({error.code}). Nothing is lost: run it again."
            ) from error
        self._say(run)
        if run.ledger_findings:
            raise CommandError(
                f"{len(run.ledger_findings)} difference(s) between the ledger and our rows, "
                f"{len(run.differences)} between our books and Stripe's."
            )
        if run.differences:
            raise CommandError(
                f"{len(run.differences)} difference(s) between our books and Stripe's."
            )
        still = ", apart from what is marked as under way" if _has_gaps(run) else ""
        self.stdout.write(self.style.SUCCESS(f"Our books and Stripe's agree{still}."))

    def _say(self, run: ReconcileRun) -> None:
        lines = [
            f"{run.mode}: {run.since:%Y-%m-%d} to {run.until:%Y-%m-%d %H:%M} UTC",
            f"events fetched    {run.events_recovered}",
            f"checkouts asked   {run.sessions_checked}",
            f"facts found       {run.facts_recovered}",
            f"fees booked       {run.fees_booked}",
            f"movements         {run.lines_compared}",
        ]
        self.stdout.write("\n".join(lines))
        if run.days:
            self.stdout.write(f"{'day':<10}  {'what':<9} {'our books':>16}  {'Stripe':>16}")
        for row in run.days:
            ours, theirs = (
                Money(row[side], row["currency"]) for side in ("ours_minor", "theirs_minor")
            )
            mark = "" if ours == theirs else f"  <- {Gap(row['because'] or Gap.DIFFERS).label}"
            self.stdout.write(f"{row['day']}  {row['kind']:<9} {ours!s:>16}  {theirs!s:>16}{mark}")
        for row in run.differences:
            ours, theirs = (
                Money(row[side], row["currency"]) for side in ("ours_minor", "theirs_minor")
            )
            self.stdout.write(
                f"DIFFERS {row['day']} {row['kind']} {row['object_id']}: we have {ours}, "
                f"Stripe has {theirs} (order {row['order_ref'] or 'none of ours'}; "
                f"rows {', '.join(row['ids'])})"
            )
        for found in run.ledger_findings:
            self.stdout.write(f"LEDGER  {found['what']}: {found['says']}")
        for row in run.listed:
            amount = Money(row["amount_minor"], row["currency"])
            self.stdout.write(f"besides {row['day']} {row['what']} {row['id']}: {amount}")


def _has_gaps(run: ReconcileRun) -> bool:
    return any(row["ours_minor"] != row["theirs_minor"] for row in run.days)

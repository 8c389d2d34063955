"""``manage.py verify_ledger``: is the ledger what it was when it was sealed?"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ledger import providers
from ledger.ports import PinsUnreadable
from ledger.queries.verification import Report, verify
from ledger.queries.verification.report import NAMED_MAX


class Command(BaseCommand):
    """Exit code 0 when nothing is wrong, 1 when something is."""

    help = (
        "Check every ledger entry, leg, position, seal, signature and balance against what was "
        "signed and published. Names everything that differs; exit code 1 when anything does."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how to call it."""
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--key",
            action="append",
            default=[],
            metavar="HEX",
            help="trust this public key (64 hex digits), what it introduced, and no other; may be "
            "given several times",
        )
        parser.add_argument(
            "--no-heads", action="store_true", help="do not compare with the heads kept outside"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Verify and print."""
        try:
            keys = _read_keys(options["key"]) or providers.pinned_keys()
        except PinsUnreadable as error:
            raise CommandError(str(error)) from error
        report = verify(
            heads=None if options["no_heads"] else providers.head_sink().heads(),
            public_keys=keys,
            now=timezone.now(),
        )
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self._say(report)
        if not report.is_good:
            sys.exit(1)

    def _say(self, report: Report) -> None:
        self.stdout.write(
            f"{report.entries_sealed:,} sealed entries under {report.seals:,} seals, "
            f"{report.entries_unsealed:,} waiting for one; "
            f"{report.heads_outside:,} heads kept outside.\n"
            f"Checked in {report.duration_s:.1f} s ({report.entries_per_s:,.0f} entries/s)."
        )
        if report.seals:
            self.stdout.write(f"Head: seal {report.seals}, {report.head_hash}")
        for note in report.notes:
            self.stdout.write(f"Note: {note}")
        for found in report.findings:
            self.stdout.write(self.style.ERROR(f"WRONG  {found.what}: {found.says}"))
        for code, count in sorted(report.counts.items()):
            if count > NAMED_MAX:
                self.stdout.write(f"       … and {count - NAMED_MAX:,} more of {code}")
        if report.is_good:
            self.stdout.write(self.style.SUCCESS("The ledger is good: nothing differs."))
        else:
            total = sum(report.counts.values())
            self.stdout.write(self.style.ERROR(f"The ledger is NOT good: {total:,} findings."))


def _read_keys(texts: list[str]) -> list[bytes]:
    try:
        keys = [bytes.fromhex(text) for text in texts]
    except ValueError as error:
        raise CommandError("--key takes 64 hex digits") from error
    if any(len(key) != 32 for key in keys):
        raise CommandError("--key takes 64 hex digits")
    return keys

"""``manage.py restore_drill``: does the backup bring the books back? Tried, not hoped."""

from __future__ import annotations

import os
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from trinity.restore_drill import DrillFailed, Tools, back_up, empty_database, manage, restore

WIDTH = 10


class Command(BaseCommand):
    """Nothing of ours is changed: what is restored is a database of its own, dropped at the end."""

    help = (
        "Restore a backup into a database of its own, apply migrations, verify the ledger there, "
        "and drop it. Without --dump the backup is made now. Exit code 1 when it does not hold."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take an older backup, what was published when it was made, and whom to trust."""
        parser.add_argument("--dump", type=Path, metavar="FILE", help="of pg_dump --format custom")
        parser.add_argument(
            "--seals-log",
            type=Path,
            metavar="FILE",
            help="the seals.log kept with --dump; without it a removed tail is not noticed",
        )
        parser.add_argument(
            "--key",
            action="append",
            default=[],
            metavar="HEX",
            help="trust this public key (64 hex digits) and no other; may be given several times",
        )

    def handle(
        self,
        *_args: object,
        dump: Path | None,
        seals_log: Path | None,
        key: list[str],
        **_options: object,
    ) -> None:
        """Back up, restore, verify, drop; a line for each."""
        for file in (dump, seals_log):
            if file is not None and not file.is_file():
                raise CommandError(f"There is no file {file}.")
        if seals_log and not dump:
            raise CommandError("--seals-log belongs to an older backup: give --dump as well.")
        with tempfile.TemporaryDirectory(prefix="trinity-drill-") as folder:
            try:
                self._drill(Path(folder), dump, seals_log, key)
            except DrillFailed as error:
                raise CommandError(
                    f"{error}\nThe backup does NOT hold, or was not tried."
                ) from None

    def _drill(self, folder: Path, given: Path | None, log: Path | None, keys: list[str]) -> None:
        connection.ensure_connection()  # says it better than a stranger's driver would
        began = time.monotonic()
        url = os.environ.get("MIGRATION_DATABASE_URL") or os.environ["DATABASE_URL"]
        tools = Tools(url)
        kept_log = folder / "seals.log"
        # Copied first: what is sealed later is in neither, or in the backup only.
        published = log or (None if given else settings.SEALS_LOG)
        if published and published.exists():
            kept_log.write_bytes(published.read_bytes())
        backup, expected = given or folder / "trinity.dump", None
        if given is None:
            expected = back_up(url, to=backup, tools=tools)
        self._say("Backup", f"{backup.stat().st_size:,} bytes, {'given' if given else 'made now'}")
        with empty_database(url) as scratch:
            rows = restore(backup, url=scratch, tools=tools)
            self._say("Restored", f"{sum(rows.values()):,} rows in {len(rows)} tables")
            if expected is not None and rows != expected:
                differs = sorted(name for name in expected if rows.get(name) != expected[name])
                raise DrillFailed(f"Rows are missing, or too many, in: {', '.join(differs)}.")
            manage("migrate", "--no-input", url=scratch, seals_log=kept_log)
            self._say("Migrations", "all applied")
            trusted = [word for each in keys for word in ("--key", each)]
            if not kept_log.exists():
                trusted.append("--no-heads")
            said = manage("verify_ledger", *trusted, url=scratch, seals_log=kept_log)
            self._say("Ledger", said.strip().replace("\n", f"\n{'':<{WIDTH + 2}}"))
            if not kept_log.exists():
                self._say("Note", "not held against a seals.log: a removed tail would not show")
        passed_s = time.monotonic() - began
        self.stdout.write(self.style.SUCCESS(f"The backup holds: restored in {passed_s:.1f} s."))

    def _say(self, what: str, words: str) -> None:
        self.stdout.write(f"{what:<{WIDTH}}  {words}")

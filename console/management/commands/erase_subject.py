"""``manage.py erase_subject EMAIL``: blank all that is kept about one person."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.core.management.base import BaseCommand, CommandError

from console.enums import ErasureReason
from console.queries.kept import SubjectData, in_the_way, is_known_as, kept_about, still_open
from console.usecases.erase_subject import NothingKept, NotYet, erase_subject

# Less would be found in what Stripe wrote about everybody.
ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
NOTHING: Final = "Nothing is kept about that address."
STAYS: Final = "References, states, amounts, times and the ledger stay."
ELSEWHERE: Final = (
    "Not reached: Stripe (redact the person there too), backups, e-mails that were sent, and a "
    "sandbox's own records and e-mails in TRINITY_HOME."
)


class Command(BaseCommand):
    """Says what would be blanked; with ``--yes --reason …`` it is done, and that is recorded."""

    help = (
        "Erase a person's data everywhere: contact, timeline, companies of one, deals' titles, "
        "orders, mails, people's reasons and the bodies of Stripe's events. Changes nothing "
        "without --yes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take who it is, and whether it is meant."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--yes", action="store_true", help="do it; there is no way back")
        why = "; ".join(f"{reason}: {reason.label}" for reason in ErasureReason)
        parser.add_argument("--reason", choices=ErasureReason.values, help=why)

    def handle(
        self, *_args: object, email: str, yes: bool, reason: str | None, **_options: object
    ) -> None:
        """Say what is kept, or blank it. Exit code 1 while something open stands in the way."""
        email = email.strip()
        if not ADDRESS.fullmatch(email) and not is_known_as(email):
            raise CommandError("That is no e-mail address, and nothing is kept under it.")
        if yes and reason is None:
            raise CommandError(f"Say why: --reason {' | '.join(ErasureReason.values)}.")
        if reason is None or not yes:
            self._preview(email)
            return
        try:
            about = erase_subject(
                email=email,
                reason=ErasureReason(reason),
                actor_id=None,
                now=datetime.now(UTC),
            )
        except NothingKept:
            self.stdout.write(NOTHING)
        except NotYet as error:
            raise CommandError(_not_yet(error.reasons)) from error
        else:
            self._tell("Blanked:", about)
            self.stdout.write(f"{STAYS} That it was done is in the ledger, under {about.subject}.")
            self.stdout.write(ELSEWHERE)

    def _preview(self, email: str) -> None:
        about = kept_about(email)
        if not about.subject:
            self.stdout.write(NOTHING)
            return
        self._tell("Would be blanked:", about)
        self.stdout.write(f"{STAYS} Nothing was changed.")
        if reasons := in_the_way(about.person):
            raise CommandError(_not_yet(reasons))
        self.stdout.write("To do it: --yes --reason " + "|".join(ErasureReason.values))

    def _tell(self, title: str, about: SubjectData) -> None:
        self.stdout.write(title)
        for each in about.kept:
            if which := str(each):
                self.stdout.write(f"  {each.what}: {which}")
        for sentence in still_open(about.person):
            self.stdout.write(f"  {sentence}")


def _not_yet(reasons: Sequence[str]) -> str:
    return f"Not yet. {' '.join(reasons)} Ask again when that is over."

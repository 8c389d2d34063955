"""Prepare the database and the static files, in one Django process instead of four.

``python -m trinity.stack.prepare``: migrate, gather static files, seed the sample offer and the
owner. Every step is a no-op the second time. A live deployment gets no sample offer.
"""

import os
import sys
from typing import Final

import django
from django.core.management import call_command, get_commands

from trinity import guards

SEED: Final = "seed_local"


def main() -> int:
    """Run the steps in order; the first that fails ends the process with its traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
    django.setup()
    call_command("migrate", interactive=False)
    call_command("collectstatic", interactive=False, verbosity=1)
    if guards.mode(os.environ) != "live" and SEED in get_commands():
        call_command(SEED)
    return 0


if __name__ == "__main__":
    sys.exit(main())

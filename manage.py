#!/usr/bin/env python3
"""Django's command line for Trinity."""

import importlib
import os
import signal
import sys
from pathlib import Path

from trinity.stack import dotenv

# They make or drop tables or databases; the rest has the rights of pages and workers.
AS_OWNER = frozenset({"migrate", "flush", "restore_drill", "restore_guards", "seed_sample"})
ROOT = Path(__file__).resolve().parent

if __name__ == "__main__":
    # Until the command runs, Ctrl-C ends us without a word about where it found us: importing
    # Django takes a moment.
    at_ctrl_c = signal.signal(signal.SIGINT, signal.SIG_DFL)
    dotenv.fill_from_stack(os.environ, root=ROOT)
    if missing := dotenv.missing(os.environ, root=ROOT):
        sys.exit(
            f"manage.py: {' and '.join(missing)} not set, and no stack has run here yet; "
            "run bin/run once, or set them in the environment or in .env."
        )
    os.environ.setdefault("DATABASE_POOL", "0")
    if AS_OWNER.intersection(sys.argv[1:2]):
        os.environ["DATABASE_AS_OWNER"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
    importlib.import_module("trinity.command_line").run(sys.argv, at_ctrl_c=at_ctrl_c)

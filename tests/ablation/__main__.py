"""Run attacks on the source that this is a copy of: ``python -m tests.ablation NAME…``."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

import django
from django.conf import settings


def main() -> None:
    settings.TOOLS = [
        *settings.TOOLS,
        "tests.toolrouter.spending.buying.OPERATIONS",
        "tests.ablation.naive.OPERATIONS",
    ]
    django.setup()
    attacks = import_module("tests.ablation.attacks")  # there are models only now
    attacks.number_from(os.getpid() * 1000)  # others write into the same database
    print(json.dumps({name: getattr(attacks, name)() for name in sys.argv[1:]}))


if __name__ == "__main__":
    main()

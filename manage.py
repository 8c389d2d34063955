#!/usr/bin/env python3
"""Django's command line for Trinity."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from trinity.stack import dotenv

if __name__ == "__main__":
    dotenv.fill_from_stack(os.environ, root=Path(__file__).resolve().parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
    execute_from_command_line(sys.argv)

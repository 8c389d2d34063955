"""Which version this is: said once, in pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path


def version() -> str:
    """Return the version, as ``0.2.0``."""
    told = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(told)["project"]["version"])

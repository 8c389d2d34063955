"""The ``.env`` file: what settings would read, for those who decide before Django starts."""

import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

# Without these Django does not start.
NEEDED: Final = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")
LINE: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")


def merged(env: Mapping[str, str], *, file: Path) -> dict[str, str]:
    """Return ``env`` with what ``file`` adds; a name that ``env`` has wins."""
    return {**read(file), **env}


def read(file: Path) -> dict[str, str]:
    """Return the ``NAME=value`` lines of ``file``; comments and odd lines are passed over."""
    if not file.is_file():
        return {}
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if match := LINE.fullmatch(line):
            name, value = match.groups()
            found[name] = _unquoted(value)
    return found


def fill_from_stack(env: MutableMapping[str, str], *, root: Path) -> None:
    """Let ``manage.py`` find the local stack: add what its ``env`` file has and ``env`` lacks.

    Where DATABASE_URL is given, by the environment or by ``.env``, nothing is added.
    """
    if "DATABASE_URL" in merged(env, file=root / ".env"):
        return
    home = Path(env.get("TRINITY_HOME") or root / ".trinity")
    for name, value in read(home / "env").items():
        env.setdefault(name, value)


def missing(env: Mapping[str, str], *, root: Path) -> list[str]:
    """Return the names that no setting can do without and that neither ``env`` nor ``.env`` has."""
    known = merged(env, file=root / ".env")
    return [name for name in NEEDED if name not in known]


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return re.split(r"\s+#", value, maxsplit=1)[0]

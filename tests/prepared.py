"""Homes of stacks as a first start leaves them: a database, roles and gathered files are there.

A first start takes most of its time to migrate, and ``tests/stack/test_whole_stack.py`` shows that
it succeeds, from nothing, in every run. A test of what a stack does afterwards starts one in a copy
of a home that was made once. It stays for the next run as long as the migrated database does.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests import migrated
from trinity.stack import Ports, Stack, commands, postgres, running
from trinity.stack.home import ROOT, Home
from trinity.stack.private import neutral

KEPT: Final = (*postgres.ROLES.values(), "postgres-superuser-password", "static")
MADE_FROM: Final = "made-from"


@contextmanager
def running_again(*, home: Path, env: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Run a full stack of its own in ``home``, as one that was started there before."""
    fill(home)
    with running(home=home, env=env) as stack:
        yield stack


def fill(home: Path) -> None:
    """Make ``home``, with a copy of what a first start made."""
    made = prepared()
    home.mkdir(mode=0o700)
    for name in KEPT:
        _copy(made.path / name, home / name)
    source, target = postgres.locate(made), postgres.locate(Home(home.resolve()))
    _copy(source.data, target.data)


def prepared() -> Home:
    """Return the home that is copied, made anew where a file behind it has changed."""
    folder = Home.of(os.environ).path / "prepared"
    wanted = migrated.made_from()
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers take turns: the first makes it
        mark = folder / MADE_FROM
        if not (mark.exists() and mark.read_text() == wanted):
            _prepare(folder)
            mark.write_text(wanted)
    return Home(folder)


def _prepare(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(postgres.locate(Home(folder)).base)
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    subprocess.run(
        [sys.executable, "-m", "trinity.stack", "services", "--", *commands.prepare()],
        cwd=ROOT,
        env=neutral(os.environ) | Ports.free().as_env() | {"TRINITY_HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _copy(source: Path, target: Path) -> None:
    """Copy with owners: Postgres may not run as this user, and serves only what is its own."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


if __name__ == "__main__":
    prepared()

"""The venv of the agent's runtime: made from a lock of its own, kept while that stays the same."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from trinity.stack.errors import StackError
from trinity.stack.home import ROOT
from trinity.stack.run_as import RunAs

LOCK: Final = ROOT / "requirements-hermes.lock"
MADE_FROM: Final = ".made-from"
INSTALL_S_MAX: Final = 600
# It asks for Python 3.11 to 3.13.
FITS: Final = "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))"
NAMES: Final = ("python3", "python3.11", "python3.12", "python3.13")
FOLDERS: Final = "/usr/local/bin:/usr/bin:/bin"
WHAT_TO_DO: Final = "Check the network, or leave HERMES out to do without the agent."


def find_python(ways: Iterable[RunAs]) -> tuple[str, RunAs]:
    """Return a Python that fits, and the first way to run things that reaches it.

    Raises StackError.
    """
    ours = str(Path(sys.executable).resolve())
    found = [shutil.which(name, path=FOLDERS) for name in NAMES]
    others = [shutil.which(name) for name in NAMES]
    for who in ways:
        for python in dict.fromkeys(path for path in (ours, *found, *others) if path):
            if who.run([python, "-I", "-c", FITS], timeout_s=20, env={"PATH": FOLDERS}).returncode:
                continue
            return python, who
    raise StackError(
        "The agent needs Python 3.11, 3.12 or 3.13 at a place that other users can reach; install "
        "one (Debian 12: apt-get install python3)."
    )


def ensure(venv: Path, *, python: str, log: Path) -> Path:
    """Bring the venv in step with its lock; return the program in it.

    Who comes at the same time waits. Raises StackError, with what to do.
    """
    wanted = hashlib.sha256(LOCK.read_bytes() + python.encode()).hexdigest()
    venv.parent.mkdir(parents=True, exist_ok=True)
    mark = venv / MADE_FROM
    with venv.with_name(f"{venv.name}.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            _require_ours(venv)
            _make(venv, python=python, log=log)
            mark.write_text(wanted)
    return venv / "bin" / "hermes"


def is_made(venv: Path) -> bool:
    """Say whether there is a whole one, of whatever lock."""
    return (venv / "bin" / "hermes").exists() and (venv / MADE_FROM).exists()


def _require_ours(venv: Path) -> None:
    if venv.exists() and not (venv / MADE_FROM).exists() and any(venv.iterdir()):
        raise StackError(f"{venv} holds what Trinity did not make; set HERMES_VENV to another one.")


def _make(venv: Path, *, python: str, log: Path) -> None:
    """Make it anew. Its folder says that it is ours from before the first file."""
    if venv.exists():
        shutil.rmtree(venv)
    venv.mkdir()
    venv.chmod(0o755)  # whoever it runs as must get through; there is nothing secret in it
    (venv / MADE_FROM).write_text("unfinished")
    uv = str(Path(sys.prefix) / "bin" / "uv")
    env = {**os.environ, "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR") or str(venv / ".uv-cache")}
    interpreter = str(venv / "bin" / "python")
    by_uv = (uv, "pip", "sync", "--quiet", "--require-hashes", "--python", interpreter, str(LOCK))
    by_pip = (
        *(sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet"),
        *("--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)),
    )
    with log.open("ab") as said:

        def does(*step: str) -> bool:
            made = subprocess.run(
                step,
                env=env,
                stdout=said,
                stderr=said,
                umask=0o022,
                timeout=INSTALL_S_MAX,
                check=False,
            )
            return made.returncode == 0

        try:
            # pip knows mirrors from its own settings that uv does not read.
            is_made = does(uv, "venv", "--quiet", "--allow-existing", "--python", python, str(venv))
            is_made = is_made and (does(*by_uv) or does(*by_pip))
        except (OSError, subprocess.SubprocessError):
            is_made = False
    if not is_made:
        raise StackError(f"The agent could not be installed; see {log}. {WHAT_TO_DO}")
    shutil.rmtree(venv / ".uv-cache", ignore_errors=True)

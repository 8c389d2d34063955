"""``python -m trinity.stack.hermes_launch``: become the agent's runtime once all is there for it.

Installs it where it is not (again and again, where that fails: nothing else waits for it), waits
for the endpoint that it lists our tools at, gives it fresh seats, and then is it: as a user of its
own where this one is root, and with nothing of ours in its environment.
"""

import ctypes
import io
import os
import pwd
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import chain, repeat
from pathlib import Path
from typing import Final, NoReturn

import django
from django.core.management import call_command
from django.db import connections

from trinity.stack import hermes, hermes_venv
from trinity.stack.answers import answers
from trinity.stack.errors import StackError
from trinity.stack.home import Home, claim_folder
from trinity.stack.run_as import RunAs, as_user, candidates

TRY_AGAIN_S: Final = (10.0, 30.0, 120.0, 600.0)
LOOK_EVERY_S: Final = 0.2
# Users that no system gives out by itself below 65536, which small containers may not map.
UIDS: Final = range(64_100, 64_900)
PR_SET_PDEATHSIG: Final = 1


def main(env: Mapping[str, str]) -> NoReturn:
    """Do all of it. Does not return. Raises StackError where a home cannot be made."""
    home = Home.of(env)
    python, who = _python_and_user(home)
    program = _installed(Path(env["HERMES_VENV"]), python=python, home=home)
    while not answers(f"{_origin(env['MCP_URL'])}/healthz"):
        time.sleep(LOOK_EVERY_S)
    folder = _folder(home, who)
    made = hermes.Hermes(
        host="127.0.0.1",
        port=int(env["HERMES_PORT"]),
        key=env["HERMES_API_KEY"],
        mcp_url=f"{_origin(env['MCP_URL'])}/mcp",
        model=hermes.Model(
            url=env["HERMES_MODEL_URL"],
            name=env["HERMES_MODEL"],
            key=env.get("HERMES_MODEL_KEY") or "none",
        ),
        seats=_seats(env.get("HERMES_LANES") or "2"),
    )
    made.write(folder)
    if who.owner_uid != os.geteuid():
        hermes.give(folder, uid=who.owner_uid, gid=who.owner_gid)
    _become(who, program, folder, home=home)


def users(home: Home) -> list[RunAs]:
    """Return as whom it may run, best first: not root, and where we are root nobody of ours."""
    if os.geteuid() != 0:
        return candidates()
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    own = UIDS[int(home.digest, 16) % len(UIDS)]
    return [*([] if own in taken else [as_user(own, own)]), *candidates()]


def _python_and_user(home: Home) -> tuple[str, RunAs]:
    """Find a Python that fits and who can run it; say where there is none, and look again."""
    for pause_s in _pauses():
        try:
            return hermes_venv.find_python(users(home))
        except StackError as error:
            _failed(error, pause_s)
    raise AssertionError("pauses do not end")


def _installed(venv: Path, *, python: str, home: Home) -> Path:
    if not hermes_venv.is_made(venv):
        _note("setting_up")
    for pause_s in _pauses():
        try:
            return hermes_venv.ensure(venv, python=python, log=home.log / "hermes-install.log")
        except StackError as error:
            _failed(error, pause_s)
    raise AssertionError("pauses do not end")


def _pauses() -> Iterator[float]:
    return chain(TRY_AGAIN_S, repeat(TRY_AGAIN_S[-1]))


def _failed(error: StackError, pause_s: float) -> None:
    print(error, f"Next try in {pause_s:.0f} s.", flush=True)
    _note("not_installed")
    time.sleep(pause_s)


def _note(state: str) -> None:
    _manage("agent_status", state)


def _seats(lanes: str) -> dict[str, str]:
    said = _manage("make_seats", f"--lanes={lanes}")
    return dict(line.split(" ", 1) for line in said.splitlines())


def _manage(*arguments: str) -> str:
    """Run a command of ours; return what it printed, which nobody else reads."""
    said = io.StringIO()
    call_command(*arguments, stdout=said)
    connections.close_all()
    return said.getvalue()


def _folder(home: Home, who: RunAs) -> Path:
    """Return an own folder that ``who`` can write, in the stack's home or, for root, elsewhere."""
    name = f"trinity-hermes-{home.digest}"
    places = [home.path / "hermes"]
    if who.owner_uid != os.geteuid():  # ours may lie below one that is closed to them
        places += [Path("/var/lib") / name, Path("/var/tmp") / name]  # noqa: S108  # claimed
    for folder in places:
        claim_folder(folder, uid=who.owner_uid, gid=who.owner_gid)
        if who.can_write(folder):
            return folder
    raise StackError(f"The agent can use no folder for its home; make {places[-1]} writable to it.")


def _become(who: RunAs, program: Path, folder: Path, *, home: Home) -> NoReturn:
    argv = [*who.prefix, str(program), "gateway", "run"]
    os.chdir(folder / "empty")
    if who.user is not None and who.group is not None:
        os.setgroups([])
        os.setgid(who.group)
        os.setuid(who.user)
        if sys.platform == "linux":  # forgotten with the old user: it ends with its guardian
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    env = hermes.environment(folder, home=str(home.path))
    os.execve(argv[0], argv, env)  # noqa: S606  # a program of ours, and no shell


def _origin(url: str) -> str:
    return url.rstrip("/").removesuffix("/mcp")


if __name__ == "__main__":
    django.setup()
    main(os.environ)

"""A full stack for tests, benchmarks and ``bin/sale``: started, found and spoken to from Python."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trinity.stack import dotenv, leftovers
from trinity.stack.answers import answers
from trinity.stack.errors import StackError
from trinity.stack.home import ROOT, Home
from trinity.stack.ports import Ports

POLL_S: Final = 0.05
STOP_S_MAX: Final = 20.0
# A private stack brings its own of everything, whatever the caller's shell says.
NOT_INHERITED: Final = ("STRIPE_", "SELLER_", "EMAIL_", "SANDBOX_", "OWNER_", "SEAL", "HERMES")
NOT_INHERITED_NAMES: Final = frozenset(
    {
        *("DOORS_URL", "DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"),
        *("SECRET_KEY", "BASE_URL", "ALLOWED_HOSTS", "DEBUG"),
        *(
            "TRINITY_MODE",
            "TRINITY_PROCESS",
            "DEFAULT_FROM_EMAIL",
            "WEBAUTHN_RP_ID",
            "DJANGO_SETTINGS_MODULE",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that runs in ``home``. What it tells is read afresh each time."""

    home: Home
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def base_url(self) -> str:
        """The web pages' origin, without a slash at the end."""
        return str(self.home.state()["addresses"]["web"])

    @property
    def doors_url(self) -> str:
        """The origin that Stripe's posts go to."""
        return str(self.home.state()["addresses"]["doors"])

    @property
    def sandbox_url(self) -> str:
        """The sandbox's origin. Raises KeyError where a real provider is used."""
        return str(self.home.state()["addresses"]["sandbox"])

    @property
    def mode(self) -> str:
        """``live``, ``test`` or ``sandbox``."""
        return str(self.home.state()["mode"])

    @property
    def owner_email(self) -> str:
        """Who may log in as owner."""
        return str(self.home.state()["owner"])

    @property
    def owner_password(self) -> str:
        """The password that the owner's account was made with."""
        return self.home.secret("owner-password")

    @property
    def env(self) -> dict[str, str]:
        """The environment for a process that works with this stack (DATABASE_URL and all)."""
        ports: dict[str, str] = self.home.state()["ports"]
        environment = dotenv.read(self.home.path / "env")
        return {**os.environ, **environment, **ports, "TRINITY_HOME": str(self.home.path)}

    @property
    def is_ready(self) -> bool:
        """Whether it has come up and still runs. A killed stack leaves its state behind."""
        state = self.home.state()
        return bool(state.get("ready")) and leftovers.is_running(state["supervisor"])

    def pids(self) -> dict[str, int]:
        """Return the main process of each program that runs, by name."""
        processes: dict[str, dict[str, Any]] = self.home.state().get("processes", {})
        return {name: int(each["pid"]) for name, each in processes.items()}

    def kill(self, name: str, *, number: int = signal.SIGKILL) -> int:
        """Send a signal to the main process of ``name``; return its pid."""
        pid = self.pids()[name]
        os.kill(pid, number)
        return pid

    def wait_for_new(self, name: str, *, old_pid: int, timeout_s: float = 60.0) -> int:
        """Wait until ``name`` runs as another process than ``old_pid``; return its pid."""
        self._wait(lambda: self.pids().get(name, old_pid) != old_pid, name, timeout_s=timeout_s)
        return self.pids()[name]

    def log(self, name: str) -> str:
        """Return what ``name`` has logged."""
        return (self.home.log / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def manage(
        self, *arguments: str, timeout_s: float = 60.0
    ) -> "subprocess.CompletedProcess[str]":
        """Run a ``manage.py`` command against this stack, its output caught."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def stop(self) -> None:
        """Stop it, if it is ours to stop, and wait until nothing of it runs."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        self.process.wait(timeout=STOP_S_MAX)

    def wait_ready(self, *, timeout_s: float) -> None:
        """Wait until it is up. Raises StackError with what it said when it does not come up."""
        self._wait(lambda: self.is_ready, "the stack", timeout_s=timeout_s)

    def wait_answering(self, *, timeout_s: float) -> None:
        """Wait until ``/readyz`` says that all it depends on is there (again)."""
        self._wait(lambda: answers(f"{self.base_url}/readyz"), "readyz", timeout_s=timeout_s)

    def _wait(self, is_done: Callable[[], bool], what: str, *, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not is_done():
            if self.process is not None and self.process.poll() is not None:
                raise StackError(f"The stack in {self.home.path} stopped: {self.said()}")
            if time.monotonic() > deadline:
                raise StackError(f"{what} was not there after {timeout_s:.0f} s: {self.said()}")
            time.sleep(POLL_S)

    def said(self) -> str:
        """Return what the stack printed."""
        file = self.home.path / "stack.out"
        return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def attached(home: Path) -> Stack | None:
    """Return the stack that runs in ``home`` and is ready, or None."""
    stack = Stack(Home(home.resolve()))
    return stack if stack.is_ready else None


def start(*, home: Path, env: Mapping[str, str], options: tuple[str, ...] = ()) -> Stack:
    """Start a full stack that ends when the caller ends; it is not ready yet."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "stack.out").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "trinity.stack", "--stop-with-parent", *options, "run"],
            cwd=ROOT,
            env={**env, "TRINITY_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    return Stack(Home(home.resolve()), process)


@contextmanager
def running(
    *,
    home: Path,
    ports: Ports | None = None,
    env: Mapping[str, str] | None = None,
    is_private: bool = True,
    timeout_s: float = 300.0,
) -> Iterator[Stack]:
    """Run a full stack in ``home``, yield it when it is ready, and stop it afterwards.

    A private stack takes nothing of Trinity's from the caller's environment, gets free ports,
    and brings its own database; ``env`` adds to it. With ``is_private=False`` it is the stack
    that ``bin/run`` would start here. Raises StackError when it does not come up.
    """
    base = neutral(os.environ) | (ports or Ports.free()).as_env() if is_private else os.environ
    options = ("--ignore-dotenv",) if is_private else ()
    stack = start(home=home, env={**base, **(env or {})}, options=options)
    try:
        stack.wait_ready(timeout_s=timeout_s)
        yield stack
    finally:
        stack.stop()


def neutral(env: Mapping[str, str]) -> dict[str, str]:
    """Return ``env`` without what is Trinity's in it."""
    return {
        name: value
        for name, value in env.items()
        if name not in NOT_INHERITED_NAMES and not name.startswith(NOT_INHERITED)
    }

"""Owns every process of a stack: starts them, restarts them, and stops all of them."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Final

from trinity.stack import children, leftovers
from trinity.stack.children import Child, Program
from trinity.stack.errors import StackError
from trinity.stack.home import Home

POLL_S: Final = 0.1
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A program that dies this young, this often in a row, will not come to life by itself.
YOUNG_S: Final = 5.0
YOUNG_DEATHS_MAX: Final = 8
BACKOFF_S_MAX: Final = 5.0
PATIENT_S_MAX: Final = 60.0  # of one that nothing else waits for
# A guardian needs at most this much longer than its program to be done.
GUARDIAN_S_MAX: Final = 6.0


class StopAsked(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM. Not an error, so no ``except Exception`` eats it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Supervisor:
    """The processes of one stack. Use as ``with supervising(...)``; leaving stops everything."""

    def __init__(self, home: Home, say: Callable[[str], None]) -> None:
        self.home = home
        self.say = say
        self.about: dict[str, Any] = {}
        self.children: dict[str, Child] = {}
        self._young_deaths: dict[str, int] = {}
        self._due_at_s: dict[str, float] = {}

    def start(self, program: Program) -> Child:
        """Start ``program`` and write down how to find it."""
        child = children.start(program)
        self.children[program.name] = child
        self.write_down()
        return child

    def wait_until(self, is_ready: Callable[[], bool], *, name: str, timeout_s: float) -> None:
        """Wait for ``name`` to be ready. Raises StackError when it dies first or takes too long."""
        child = self.children[name]
        deadline = time.monotonic() + timeout_s
        while not is_ready():
            if child.exit_code() is not None:
                raise StackError(child.obituary(f"{name} stopped while it started"))
            if time.monotonic() > deadline:
                raise StackError(child.obituary(f"{name} was not ready in {timeout_s:.0f} s"))
            time.sleep(POLL_S / 2)

    def run(self, program: Program) -> tuple[Child, int]:
        """Run a program to its end; return it and its exit code."""
        child = self.start(program)
        while (code := child.exit_code()) is None:
            time.sleep(POLL_S / 2)
        del self.children[program.name]
        self.write_down()
        return child, code

    def watch(self) -> None:
        """Keep everything running until a signal says stop. Raises StackError on giving up."""
        while True:
            self.look()
            time.sleep(POLL_S)

    def look(self) -> None:
        """Restart what died, after a pause that grows with each early death."""
        now_s = time.monotonic()
        for name, child in list(self.children.items()):
            if child.exit_code() is None:
                continue
            if name not in self._due_at_s:
                self._due_at_s[name] = now_s + self._pause_s(child)
            elif now_s >= self._due_at_s[name]:
                del self._due_at_s[name]
                self.start(child.program)
                self.say(f"{name} runs again (process {self.children[name].pid}).")

    def stop(self) -> None:
        """Stop everything: first what serves and works, then what they stand on."""
        stores = [each for name, each in self.children.items() if name in {"postgres", "valkey"}]
        others = [each for each in self.children.values() if each not in stores]
        self._stop_all(others)
        self._stop_all(stores)
        self.children.clear()
        self.about = {}
        with contextlib.suppress(OSError):  # A full disk must not keep anything running.
            self.home.write_state({})
        with contextlib.suppress(OSError):  # Not there, or somebody still keeps something in it.
            self.home.socket_folder_elsewhere.rmdir()

    def write_down(self, **about: Any) -> None:
        """Write ``stack.json``: what runs, for those who look for it and for the next start."""
        self.about |= about
        processes = {
            name: {**each.identities[1], "guardian": each.identities[0]}
            for name, each in self.children.items()
        }
        self.home.write_state({**self.about, "processes": processes})

    def _stop_all(self, group: list[Child]) -> None:
        for child in group:
            child.ask_to_stop()
        for child in group:
            deadline = time.monotonic() + child.program.stop_s + GUARDIAN_S_MAX
            while child.exit_code() is None:
                time.sleep(POLL_S / 5)
                if time.monotonic() > deadline:
                    child.abandon()

    def _pause_s(self, child: Child) -> float:
        name = child.program.name
        deaths = self._young_deaths.get(name, 0) + 1 if child.lived_s < YOUNG_S else 0
        self._young_deaths[name] = deaths
        if deaths > YOUNG_DEATHS_MAX and not child.program.is_optional:
            raise StackError(child.obituary(f"{name} stopped {deaths} times in a row"))
        self.say(f"{name} stopped ({_cause(child)}); starting it again.")
        longest_s = PATIENT_S_MAX if child.program.is_optional else BACKOFF_S_MAX
        return min(0.1 * 2.0 ** min(deaths, YOUNG_DEATHS_MAX * 2), longest_s)


def _cause(child: Child) -> str:
    code = child.exit_code() or 0
    if code < 0 or code > 128:
        return f"signal {abs(code) % 128}"
    return f"exit code {code}"


@contextlib.contextmanager
def supervising(home: Home, say: Callable[[str], None]) -> Iterator[Supervisor]:
    """Own the home's processes; whatever happens, leave none behind.

    The first Ctrl-C or SIGTERM raises StopAsked wherever we are; later ones change nothing,
    because stopping is already as quick as it can be.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise StopAsked(number)

    old = [*home.state().get("processes", {}).values()]
    guardians = [each["guardian"] for each in old if "guardian" in each]
    if killed := leftovers.clear([*guardians, *old], home=home.path):
        say(f"Ended {len(killed)} processes that an earlier stack had left behind.")
    before = {each: signal.signal(each, stop) for each in STOP_SIGNALS}
    supervisor = Supervisor(home, say)
    try:
        yield supervisor
    finally:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        supervisor.stop()
        for each, handler in before.items():
            signal.signal(each, handler)

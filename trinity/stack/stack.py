"""The two ways to use a stack: all of it for people, or the stores alone for one command."""

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from trinity.stack import leftovers, stores, words
from trinity.stack.answers import answers
from trinity.stack.children import Program
from trinity.stack.errors import StackError
from trinity.stack.home import Home, write_private
from trinity.stack.plan import (
    PROVIDER_NAMES,
    Plan,
    make,
    require_consistent,
    uses_sandbox,
)
from trinity.stack.ports import Ports
from trinity.stack.secrets import OWNERS_ADDRESS
from trinity.stack.stores import timed
from trinity.stack.supervisor import StopAsked, Supervisor, supervising

READY_S_MAX: Final = 120.0  # a machine may be busy; it is ready in two when idle
COMMAND_STOP_S: Final = 8.0


def run(env: Mapping[str, str], *, say: Callable[[str], None]) -> int:
    """Run a full stack until somebody stops it; return the exit code.

    Raises StackError with the one sentence that says why it cannot start, or go on.
    """
    began_s = time.monotonic()
    home, ports = Home.of(env), Ports.of(env)
    require_consistent(env)
    home.prepare()
    with home.lock(), supervising(home, say) as supervisor:
        names = ("PORT", "DOORS_PORT", "MCP_PORT", *(["SANDBOX_PORT"] if uses_sandbox(env) else []))
        ports.require_free(names=names)
        stores.check_named(env)
        say(f"Starting Trinity in {words.shown(home.path)}")
        served = {**env, "DOORS_URL": f"http://127.0.0.1:{ports.doors}"}
        served["MCP_URL"] = f"http://127.0.0.1:{ports.mcp}"
        plan = make(served, home=home, ports=ports, stores=stores.start(supervisor, env))
        try:
            _bring_up(supervisor, plan, began_s=began_s)
            supervisor.watch()
        except StopAsked:
            say("Stopping.")
    return 0


def run_command(argv: Sequence[str], env: Mapping[str, str], *, say: Callable[[str], None]) -> int:
    """Run ``argv`` with Postgres and Valkey beside it; return its exit code."""
    home = Home.of(env)
    require_consistent(env)
    home.prepare()
    with home.lock(), supervising(home, say) as supervisor:
        stores.check_named(env)
        # Nothing listens on them; whoever calls the provider by mistake must find nobody.
        bare = {**env, "HERMES": ""}
        plan = make(bare, home=home, ports=Ports.free(), stores=stores.start(supervisor, env))
        try:
            return _run_in_the_terminal(supervisor, argv, plan.env)
        except StopAsked as asked:
            return asked.exit_code


def _bring_up(supervisor: Supervisor, plan: Plan, *, began_s: float) -> None:
    say, home = supervisor.say, plan.home
    password = home.secret("owner-password")
    login_shown = home.path / "login-shown"
    write_private(home.path / "env", _as_lines(plan))
    supervisor.write_down(
        supervisor=leftovers.identity(os.getpid()),
        mode=plan.mode,
        addresses=plan.addresses,
        ports=plan.ports.as_env(),
        ready=False,
    )
    if plan.has_sandbox:
        timed(say, "sandbox", lambda: _serve_sandbox(supervisor, plan))
    timed(say, "database", lambda: _prepare(supervisor, plan))
    timed(say, "web", lambda: _serve(supervisor, plan))
    supervisor.write_down(ready=True, owner=plan.owner)
    say(
        words.welcome(
            plan,
            password=None if login_shown.exists() else password,
            took_s=time.monotonic() - began_s,
        )
    )
    login_shown.touch()


def _serve_sandbox(supervisor: Supervisor, plan: Plan) -> None:
    supervisor.start(plan.sandbox())
    health = f"{plan.sandbox_url}/_sandbox/health"
    supervisor.wait_until(lambda: answers(health), name="sandbox", timeout_s=READY_S_MAX)


def _prepare(supervisor: Supervisor, plan: Plan) -> None:
    program = plan.preparation()
    if program.log:
        program.log.unlink(missing_ok=True)
    child, code = supervisor.run(program)
    if code:
        raise StackError(child.obituary("The database could not be prepared"))


def _serve(supervisor: Supervisor, plan: Plan) -> None:
    """Start the rest; the first page comes first, then what works behind it.

    Pages count, not ``/readyz``: work left over from yesterday may be late.
    """
    supervisor.start(plan.web())
    supervisor.start(plan.doors())
    supervisor.start(plan.mcp())
    for name, port in (
        ("web", plan.ports.web),
        ("doors", plan.ports.doors),
        ("mcp", plan.ports.mcp),
    ):
        health = f"http://127.0.0.1:{port}/healthz"
        supervisor.wait_until(partial(answers, health), name=name, timeout_s=READY_S_MAX)
    for program in plan.background():
        supervisor.start(program)
    if hermes := plan.hermes():
        supervisor.start(hermes)


def _run_in_the_terminal(
    supervisor: Supervisor, argv: Sequence[str], env: Mapping[str, str]
) -> int:
    """Let the command have the terminal, and with it Ctrl-C; TERM and HUP are passed on."""
    if sys.stdin.isatty():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # The terminal tells the command itself.
    program = Program(name="command", argv=tuple(argv), env=env, log=None, stop_s=COMMAND_STOP_S)
    return supervisor.run(program)[1]


def _as_lines(plan: Plan) -> str:
    """Return what ``manage.py`` needs to reach this stack from another terminal."""
    providers = PROVIDER_NAMES if plan.mode != "live" else ()
    needed = ("DATABASE_URL", OWNERS_ADDRESS, "REDIS_URL", *providers)
    environment = {
        name: value
        for name, value in plan.env.items()
        if name in needed or os.environ.get(name) != value
    }
    return "".join(f"{name}={value}\n" for name, value in sorted(environment.items()))

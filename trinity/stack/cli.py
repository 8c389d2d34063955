"""``python -m trinity.stack WHAT``: ``run``, ``services -- COMMAND``, ``process NAME``, ``probe``.

The first two are for one machine; ``process`` and ``probe`` are what a container runs.
"""

import argparse
import ctypes
import errno
import os
import signal
import sys

from trinity.stack import container, dotenv, stack
from trinity.stack.errors import StackError
from trinity.stack.home import ROOT, Home
from trinity.stack.supervisor import StopAsked


def main() -> int:
    """Run the stack; every refusal is one sentence and exit code 1, never a traceback."""
    arguments = _parse()
    os.umask(0o077)  # Mail, logs and databases hold words about people.
    # Tests and private stacks bring their own of everything; .env is for people's stacks.
    is_own = arguments.what == "services" or arguments.ignore_dotenv
    env = dict(os.environ) if is_own else dotenv.merged(os.environ, file=ROOT / ".env")
    if arguments.stop_with_parent and sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
    try:
        if arguments.what == "process":
            return container.become(arguments.name, env)
        if arguments.what == "probe":
            return container.probe(arguments.name, env)
        if arguments.what == "run":
            return stack.run(env, say=_say)
        return stack.run_command(arguments.command, env, say=_say_nothing)
    except StackError as error:
        print(f"Trinity: {error}", file=sys.stderr)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(
            f"Trinity: The disk that holds {Home.of(env).path} is full; make room and start again.",
            file=sys.stderr,
        )
    except StopAsked as asked:
        return asked.exit_code
    return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trinity.stack", description=__doc__)
    parser.add_argument("--stop-with-parent", action="store_true", help="end when the caller ends")
    parser.add_argument("--ignore-dotenv", action="store_true", help="do not read .env")
    verbs = parser.add_subparsers(dest="what", required=True)
    verbs.add_parser("run", help="everything, until Ctrl-C")
    services = verbs.add_parser("services", help="Postgres and Valkey around one command")
    services.add_argument("command", nargs="+")
    process = verbs.add_parser("process", help="one process, in the foreground, on all addresses")
    process.add_argument("name", choices=sorted(container.PROCESSES))
    probe = verbs.add_parser("probe", help="exit code 0 when the web process, or doors, answers")
    probe.add_argument("name", nargs="?", default="web", choices=sorted(container.PORTS))
    return parser.parse_args()


def _say(text: str) -> None:
    """Tell whoever still listens: a closed terminal must not end the stack by itself."""
    try:
        print(text, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for the rest of our life


def _say_nothing(_text: str) -> None:
    """The command that runs between the stores has the terminal to itself."""

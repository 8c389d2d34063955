"""The command line of each process, the same on a laptop and in a container."""

import sys
from typing import Final

from trinity.flow import TOOLS_HOST, TOOLS_QUEUE

TASK_PROCESSES: Final = 2
TOOL_PROCESSES: Final = 4  # each may wait for a provider, for as long as it takes
CELERY: Final = (sys.executable, "-m", "celery", "--app", "trinity.celery:app", "--skip-checks")


def web(*, host: str, port: str) -> tuple[str, ...]:
    """Return the web server's."""
    return (sys.executable, "-m", "trinity.serving", "web", "--host", host, "--port", port)


def doors(*, host: str, port: str) -> tuple[str, ...]:
    """Return that of Stripe's door."""
    return (sys.executable, "-m", "trinity.serving", "doors", "--host", host, "--port", port)


def mcp(*, host: str, port: str) -> tuple[str, ...]:
    """Return that of the agents' endpoint."""
    return (sys.executable, "-m", "trinity.serving", "mcp", "--host", host, "--port", port)


def worker() -> tuple[str, ...]:
    """Return the task worker's. Gossip and mingling are for tasks that know each other."""
    return (
        *(*CELERY, "worker", "--concurrency", str(TASK_PROCESSES), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    )


def tools_worker() -> tuple[str, ...]:
    """Return that of the worker which does what agents were allowed: long calls hold up nothing."""
    return (
        *(*CELERY, "worker", "--concurrency", str(TOOL_PROCESSES), "--loglevel", "INFO"),
        *("--queues", TOOLS_QUEUE, "--hostname", TOOLS_HOST),
        *("--without-gossip", "--without-mingle"),
    )


def beat(*, home: str) -> tuple[str, ...]:
    """Return the clock's. Its schedule is in code; the file only says what ran when."""
    schedule = f"{home}/celerybeat-schedule"
    return (*CELERY, "beat", "--loglevel", "INFO", "--pidfile=", "--schedule", schedule)


def hermes() -> tuple[str, ...]:
    """Return that of whoever becomes the agent's runtime."""
    return (sys.executable, "-m", "trinity.stack.hermes_launch")


def sandbox() -> tuple[str, ...]:
    """Return the stand-in provider's."""
    return (sys.executable, "-m", "sandbox")


def prepare() -> tuple[str, ...]:
    """Return the step before all others: migrations, static files, seeds."""
    return (sys.executable, "-m", "trinity.stack.prepare")

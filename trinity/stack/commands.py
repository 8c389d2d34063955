"""The command line of each process, the same on a laptop and in a container."""

import sys
from typing import Final

WEB_WORKERS: Final = 2
TASK_PROCESSES: Final = 2
CELERY: Final = (sys.executable, "-m", "celery", "--app", "trinity.celery:app", "--skip-checks")


def web(*, host: str, port: str, threads: str) -> tuple[str, ...]:
    """Return the web server's; ``threads`` is what settings call WEB_BLOCKING_THREADS."""
    return (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
        *("--host", host, "--port", port, "--workers", str(WEB_WORKERS)),
        *("--blocking-threads", threads, "--respawn-failed-workers"),
        *("--workers-kill-timeout", "2", "trinity.wsgi:application"),
    )


def worker() -> tuple[str, ...]:
    """Return the task worker's. Gossip and mingling are for tasks that know each other."""
    return (
        *(*CELERY, "worker", "--concurrency", str(TASK_PROCESSES), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    )


def beat(*, home: str) -> tuple[str, ...]:
    """Return the clock's. Its schedule is in code; the file only says what ran when."""
    schedule = f"{home}/celerybeat-schedule"
    return (*CELERY, "beat", "--loglevel", "INFO", "--pidfile=", "--schedule", schedule)


def sandbox() -> tuple[str, ...]:
    """Return the stand-in provider's."""
    return (sys.executable, "-m", "sandbox")


def prepare() -> tuple[str, ...]:
    """Return the step before all others: migrations, static files, seeds."""
    return (sys.executable, "-m", "trinity.stack.prepare")

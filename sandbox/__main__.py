"""``python -m sandbox``: run the outside world's stand-ins on 127.0.0.1."""

import asyncio
import logging
import os
import socket
import sqlite3
import sys

from sandbox.app import run
from sandbox.settings import BadSettings, Settings, settings_from


def _refuse_taken_port(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", settings.port))
        except OSError as error:
            raise BadSettings(
                f"Port {settings.port} cannot be used ({error.strerror})."
                " Stop what listens there or set SANDBOX_PORT to another port."
            ) from error


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; exit code 2 when the settings cannot be used."""
    logging.basicConfig(level=logging.INFO, format="sandbox %(levelname)s %(message)s")
    for chatty in ("httpx", "uvicorn.error"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = settings_from(os.environ)
        _refuse_taken_port(settings)
        asyncio.run(run(settings))
    except BadSettings as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    except (OSError, sqlite3.Error) as error:
        print(f"sandbox: cannot keep its state: {error}", file=sys.stderr)
        return 2
    return 0


sys.exit(main())

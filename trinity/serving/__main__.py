"""``python -m trinity.serving web|doors|mcp --host H --port N``: one of the three that serve."""

from __future__ import annotations

import argparse
from typing import Final

from trinity.serving.server import serve

APPLICATIONS: Final = {
    "web": "trinity.asgi:application",
    "doors": "trinity.doors:application",
    "mcp": "trinity.mcp:application",
}


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m trinity.serving", description=__doc__)
    parser.add_argument("what", choices=sorted(APPLICATIONS))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    asked = parser.parse_args()
    serve(
        APPLICATIONS[asked.what],
        host=asked.host,
        port=asked.port,
        has_lifespan=asked.what == "mcp",
    )


if __name__ == "__main__":
    main()

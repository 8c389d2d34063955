"""``@modelcontextprotocol/conformance``, with a Node of its own, both by exact version and hash."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PINS: Final = ("package.json", "package-lock.json")
INSTALL_S_MAX: Final = 240
SCENARIO_S_MAX: Final = 60


class NotHere(Exception):
    """The suite cannot be had on this machine; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The suite as it was installed."""

    node: Path
    script: Path

    def failures(self, scenario: str, *, url: str, era: str, folder: Path) -> dict[str, str]:
        """Run one scenario; return what failed, by the check's name. Raises AssertionError.

        A scenario that checked nothing is an error, not a success.
        """
        asked = ["server", "--url", url, "--scenario", scenario, "--spec-version", era]
        done = subprocess.run(
            [self.node, self.script, *asked, "--output-dir", folder],
            capture_output=True,
            text=True,
            timeout=SCENARIO_S_MAX,
            check=False,
        )
        found = list(folder.rglob("checks.json"))
        assert len(found) == 1, done.stdout + done.stderr
        checks = json.loads(found[0].read_text())
        assert checks, f"{scenario} checked nothing: {done.stdout}"
        return {
            check["id"]: check.get("errorMessage", "")
            for check in checks
            if check["status"] == "FAILURE"
        }


def installed(under: Path) -> Suite:
    """Install the suite below ``under``, once for these versions. Raises NotHere."""
    if not shutil.which("npm"):
        raise NotHere("npm is missing")
    pins = b"".join((HERE / name).read_bytes() for name in PINS)
    folder = under / f"mcp-conformance-{sha256(pins).hexdigest()[:12]}"
    suite = folder / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
    if not suite.exists():
        _install(folder)
    nodes = list(folder.glob("node_modules/node-linux-*/bin/node"))
    if not nodes:
        raise NotHere("there is no Node for this machine")
    return Suite(node=nodes[0], script=suite)


def _install(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in PINS:
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "npm_config_update_notifier": "false"},
        capture_output=True,
        timeout=INSTALL_S_MAX,
        check=False,
    )
    if done.returncode:
        raise NotHere("npm could not install it: is the registry out of reach?")

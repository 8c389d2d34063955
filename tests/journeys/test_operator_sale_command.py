"""``bin/sale`` plays the whole sale and says so with its exit code."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.chaos.shop import Shop
from trinity.stack.dotenv import read

pytestmark = [pytest.mark.slow]


def test_the_command_prints_a_complete_trace(shop: Shop) -> None:
    home = shop.stack.home.path
    done = subprocess.run(
        [sys.executable, "-m", "trinity.sale"],
        env={**shop.stack.env, **read(home / "env"), "TRINITY_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-500:]
    assert "Stages 1 to 4 are complete." in done.stdout
    assert done.stdout.count("not part of this version") >= 4
    assert "@example.com" not in done.stdout.split("Trace trc_")[1]

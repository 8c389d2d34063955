"""Runs every benchmark in a private stack of its own, prints the figures, keeps them as JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django

from trinity import guards
from trinity.stack.private import Stack, running
from trinity.stopping import stoppable

ROOT = Path(__file__).resolve().parent
RESULTS = ROOT / "results" / "latest.json"
MODULES = (
    *("filing", "silent", "buyers", "processing", "ledger", "route", "spending"),
    *("agents", "footprint", "pages"),
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a benchmark gets: a stack of its own, how short a look, how many sample orders."""

    stack: Stack
    quick: bool
    rows: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look, with more noise")
    parser.add_argument(
        "--rows", type=int, default=200_000, help="sample orders behind the pages (200000)"
    )
    parser.add_argument("only", nargs="*", help=f"of: {', '.join(MODULES)}")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.only) - set(MODULES)):
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(MODULES)}")
    try:
        guards.refuse_live_keys(os.environ, what="bin/bench")
    except guards.Refused as error:
        print(f"bin/bench: {error}", file=sys.stderr)
        return 2
    metrics = _measure(asked.only or MODULES, quick=asked.quick, rows=asked.rows)
    if not asked.only:
        _keep(metrics, quick=asked.quick)
    return 0


def _measure(names: tuple[str, ...], *, quick: bool, rows: int) -> dict[str, float]:
    metrics: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="trinity-bench-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103  # Postgres may run as another user
        alone = {"TRINITY_WITHOUT": "worker,beat"}  # each benchmark runs what it measures
        with running(home=Path(folder) / "home", env=alone) as stack:
            # What is measured are the stack's processes; this one makes tables to compare with.
            os.environ.update(stack.env | {"DATABASE_AS_OWNER": "1"})
            django.setup()
            for name in names:
                print(f"{name}", flush=True)
                figures = importlib.import_module(f"benchmarks.{name}").run(
                    Context(stack, quick, rows)
                )
                for metric, value in figures.items():
                    print(f"  {metric:<34} {value:>14,.3f}", flush=True)
                metrics |= figures
    return metrics


def _keep(metrics: dict[str, float], *, quick: bool) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    results = {
        "metrics": {name: round(value, 4) for name, value in metrics.items()},
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\nKept in {RESULTS.relative_to(ROOT.parent)}")


if __name__ == "__main__":
    with stoppable("bin/bench"):
        code = main()
    sys.exit(code)

"""The text of a page, taken out of it by a child process (``page_program``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from fulfillment.ports_web import Fault, NotFound

PROGRAM: Final = Path(__file__).with_name("page_program.py")
WALL_S_MAX: Final = 5.0
OUTPUT_MAX: Final = 4 * 1024 * 1024
KINDS: Final = frozenset(
    {"text/html", "application/xhtml+xml", "text/plain", "text/markdown", "application/json"}
)
NOBODY: Final = 65534


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """What a program found in a page."""

    title: str
    published_on: date | None
    text: str


def extract(*, content_type: str, charset: str, body: bytes) -> Extract:
    """Return what stands in a page. Raises NotFound: its kind, or no text within the limits."""
    if content_type not in KINDS:
        raise NotFound(Fault.CONTENT_TYPE)
    said = _said_of(content_type, charset, body)
    try:
        found = json.loads(said)
        text, title = str(found["text"]), str(found["title"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotFound(Fault.UNREADABLE) from error
    if not text:
        raise NotFound(Fault.UNREADABLE)
    return Extract(title=title, published_on=_date(found.get("date")), text=text)


def _said_of(content_type: str, charset: str, body: bytes) -> bytes:
    """Run the program on ``body``: files on both sides, so that neither can hold us up."""
    with tempfile.TemporaryFile() as page, tempfile.TemporaryFile() as said:
        page.write(body)
        page.seek(0)
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-B", "-X", "utf8", str(PROGRAM), content_type, charset],
                stdin=page,
                stdout=said,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                timeout=WALL_S_MAX,
                start_new_session=True,
                check=False,
                **_as_nobody(),
            )
        except subprocess.TimeoutExpired as error:
            raise NotFound(Fault.UNREADABLE) from error
        if done.returncode != 0:
            raise NotFound(Fault.UNREADABLE)
        said.seek(0)
        return said.read(OUTPUT_MAX)


def _as_nobody() -> dict[str, Any]:
    """Return how to run it as somebody who may read nothing of ours, where we may choose that.

    Root may; but not where the interpreter itself lies in a folder that only root enters.
    """
    if os.geteuid() != 0 or not _all_may_enter(Path(sys.executable)) or not _all_may_enter(PROGRAM):
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _all_may_enter(path: Path) -> bool:
    whole = [path.absolute(), path.resolve()]
    return all(folder.stat().st_mode & 0o001 for each in whole for folder in each.parents)


def _date(said: object) -> date | None:
    try:
        return date.fromisoformat(str(said)[:10]) if said else None
    except ValueError:
        return None

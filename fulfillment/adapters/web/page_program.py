"""Takes the text out of one page, as a program: ``python -I page_program.py KIND CHARSET``.

The page comes on standard input, JSON goes to standard output. Whoever wrote the page is a
stranger and the libraries that read it are large, so this process has no environment of ours, ends
by its own limits of memory, time and output, and imports nothing of ours.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import unicodedata
from typing import Any, Final

MEMORY_MAX: Final = 768 * 1024 * 1024
CPU_S_MAX: Final = 5
OUTPUT_MAX: Final = 4 * 1024 * 1024
TEXT_CHARS_MAX: Final = 400_000
TITLE_CHARS_MAX: Final = 300
# Controls but tab and line feed, and what turns the rest of a line around or hides in it.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_BLANK_LINES: Final = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def limit() -> None:
    """Bound what this process may use, for good."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_MAX),
        (resource.RLIMIT_CPU, CPU_S_MAX),
        (resource.RLIMIT_FSIZE, OUTPUT_MAX),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def read(kind: str, charset: str, body: bytes) -> dict[str, Any]:
    """Return title, date and text of a page."""
    if kind not in ("text/html", "application/xhtml+xml"):
        return {"title": "", "date": None, "text": tidy(decoded(body, charset))}
    # After the limits: it is most of what they are for.
    import trafilatura  # noqa: PLC0415  # see above
    from trafilatura.settings import Document  # noqa: PLC0415  # likewise

    found = trafilatura.bare_extraction(
        decoded(body, charset) if charset else body,
        include_comments=False,
        include_tables=True,
        favor_recall=True,
        with_metadata=True,
        # The day that the page names as its own, and none that is guessed from its text.
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    if not isinstance(found, Document):
        return {"title": "", "date": None, "text": ""}
    title = " ".join(tidy(found.title or "").split())[:TITLE_CHARS_MAX]
    return {"title": title, "date": found.date, "text": tidy(found.text or "")}


def decoded(body: bytes, charset: str) -> str:
    """Return ``body`` as text; what is no character of its charset is marked as such."""
    try:
        return body.decode(charset or "utf-8", errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def tidy(text: str) -> str:
    """Return ``text`` in one form (NFC), without what nobody sees, cut to length."""
    seen = unicodedata.normalize("NFC", _UNSEEN.sub("", text.replace("\r\n", "\n")))
    return _BLANK_LINES.sub("\n\n", seen).strip()[:TEXT_CHARS_MAX]


def main() -> None:
    """Read, and say what was read."""
    limit()
    kind, charset = sys.argv[1:3]
    sys.stdout.write(json.dumps(read(kind, charset, sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()

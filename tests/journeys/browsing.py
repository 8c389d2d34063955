"""A real Chromium, and an ear for what it complains about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    # Nothing beyond this machine: no name and no address is found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
WAIT_MS_MAX = 10_000
DESK, PHONE = (1240, 900), (320, 700)


def launch(playwright: Playwright) -> Browser:
    """Start Debian's Chromium, headless."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@contextmanager
def window(
    browser: Browser,
    *,
    size: tuple[int, int] = DESK,
    is_dark: bool = False,
    has_javascript: bool = True,
    expects_status: Sequence[int] = (),
) -> Iterator[tuple[BrowserContext, Page]]:
    """Open a window of its own; at its end, fail for anything that Chromium complained about.

    A violation of the content security policy, a failed load and an exception in a script all
    show on its console. ``expects_status`` names answers (404, 422) that are part of the test.
    """
    complaints: list[str] = []
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if is_dark else "light",
        java_script_enabled=has_javascript,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS_MAX)
    expected = [f"status of {status}" for status in expects_status]

    def hear(text: str) -> None:
        if not any(words in text for words in expected):
            complaints.append(f"{page.url}: {text}")

    page.on("console", lambda said: hear(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: hear(str(error)))
    try:
        yield context, page
    finally:
        context.close()
    assert not complaints, "\n".join(complaints)

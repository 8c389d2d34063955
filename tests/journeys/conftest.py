"""One Chromium for all journeys; each test opens windows of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.browsing import launch

# Playwright's loop runs in this thread; Django would otherwise refuse the ORM beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium for the whole session."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()

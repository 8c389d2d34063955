"""What tests of the sandbox's pages ask of each page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST = {"runOnly": ["color-contrast"]}  # All that differs in the dark.
NARROW = {"width": 320, "height": 640}


def assert_accessible(page: Page) -> None:
    for scheme, rules in (("light", WCAG), ("dark", CONTRAST)):
        page.emulate_media(color_scheme=scheme)
        results = Axe().run(page, options=rules)
        assert results.violations_count == 0, results.generate_report()
    assert page.locator(".band").inner_text().startswith("Sandbox.")

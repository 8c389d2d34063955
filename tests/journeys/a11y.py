"""What every page must hold in a real browser: axe finds nothing, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page

IN_THE_DARK = ["color-contrast"]
ON_A_PHONE = ["target-size", "scrollable-region-focusable"]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_problems(page: Page, *, rules: Sequence[str] = ()) -> list[str]:
    """Return one line per rule of WCAG 2.2 AA that the page breaks, with the first element.

    ``rules`` narrows it to those that a look can change: a dark window of a page that has been
    looked at in the light can only differ in contrast.
    """
    which = (
        {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": STANDARDS}
    )
    try:
        found = _run_axe(page, which)
    except Error:  # a click had begun to leave that page: it is about the one that comes
        page.wait_for_load_state()
        found = _run_axe(page, which)
    return [
        f"{violation['id']}: {violation['help']}: {violation['nodes'][0]['html'][:200]}"
        for violation in found["violations"]
    ]


def _run_axe(page: Page, which: dict[str, Any]) -> dict[str, Any]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options = {"runOnly": which, "resultTypes": ["violations"]}
    found: dict[str, Any] = page.evaluate("options => axe.run(document, options)", options)
    return found


def is_wider_than_its_window(page: Page) -> bool:
    """Say whether the page scrolls sideways."""
    wide: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


# Links within a sentence are as high as their line; all others can be touched.
TOUCHED = "main.main :is(td, th, dd, .crumbs, .timeline, .plain, .actions) a, main.main button"
TOUCHED_HEIGHT_MIN_PX = 32


def too_small_to_touch(page: Page, *, name: str) -> list[str]:
    """Return what an operator cannot touch on a phone, each with the page's name."""
    small: list[str] = page.eval_on_selector_all(
        TOUCHED,
        """(targets, least) => targets
            .map(target => [target.getBoundingClientRect().height, target.outerHTML])
            .filter(([height]) => height > 0 && height < least - 0.1)
            .map(([height, html]) => `${height} px: ${html.slice(0, 200)}`)""",
        TOUCHED_HEIGHT_MIN_PX,
    )
    return [f"{name}: too small to touch: {target}" for target in small[:5]]


def problems(page: Page, *, name: str = "", rules: Sequence[str] = ()) -> list[str]:
    """Return everything that is wrong with the page as it is, each line with the page's name."""
    found = axe_problems(page, rules=rules)
    if is_wider_than_its_window(page):
        found.append("scrolls sideways")
    if page.locator("h1").count() != 1:
        found.append(f"has {page.locator('h1').count()} h1")
    inline = page.locator("[style], [onclick], [onsubmit], [onchange], style").count()
    if inline:
        found.append(f"has {inline} inline styles or handlers")
    return [f"{name or page.url}: {problem}" for problem in found]

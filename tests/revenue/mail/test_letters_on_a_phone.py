"""Mails fit the phone that most buyers read them on."""

from __future__ import annotations

import pytest
from django.core import mail as django_mail
from playwright.sync_api import Browser

from revenue.enums import MailKind
from tests.revenue.mail.test_letters import letter

pytestmark = [pytest.mark.django_db, pytest.mark.browser]


@pytest.mark.parametrize("width", [320, 375])
@pytest.mark.parametrize("kind", MailKind.values)
def test_no_mail_scrolls_sideways(chromium: Browser, kind: str, width: int) -> None:
    letter(MailKind(kind))
    ((html, _media),) = django_mail.outbox[0].alternatives
    page = chromium.new_page(viewport={"width": width, "height": 700})
    try:
        page.set_content(str(html))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    finally:
        page.close()

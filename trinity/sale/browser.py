"""Just enough of a browser: pages, links, forms, cookies. No JavaScript, as pages promise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

TIMEOUT_S = 30.0  # Stripe's page waits up to 10 s for our answer before it sends the buyer back


class Unexpected(Exception):
    """A page was not what a sale needs. The text says which page and what was missing."""


class TooMany(Unexpected):
    """The page answered 429: a limit was reached."""


@dataclass(slots=True)
class Form:
    """A form with its preset values."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """A page that was opened."""

    address: str
    status: int
    html: str
    forms: list[Form]
    links: list[str]
    heading: str

    def form(self, action_part: str) -> Form:
        """Return the form whose action holds ``action_part``. Raises Unexpected."""
        for each in self.forms:
            if action_part in each.action:
                return each
        raise Unexpected(f"{self.address} ({self.heading or self.status}) has no such form")


class _Reader(HTMLParser):
    """Reads forms, links and the first heading."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.heading = ""
        self._in_form = self._in_heading = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        got = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(urljoin(self.address, got.get("action", ""))))
            self._in_form = True
        elif tag == "a" and "href" in got:
            self.links.append(urljoin(self.address, got["href"]))
        elif tag == "h1":
            self._in_heading = not self.heading
        elif self._in_form:
            self._field(tag, got)

    def _field(self, tag: str, got: Mapping[str, str]) -> None:
        name = got.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in got or self._select not in self.forms[-1].fields:
                self.forms[-1].fields[self._select] = got.get("value", "")
        elif name and tag in {"input", "textarea"} and got.get("type") != "submit":
            self.forms[-1].fields[name] = got.get("value", "")
        elif tag == "button" and "formaction" in got:
            twin = Form(urljoin(self.address, got["formaction"]), self.forms[-1].fields)
            self.forms.insert(-1, twin)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag == "form":
            self._in_form = False
        elif tag == "select":
            self._select = ""
        elif tag == "h1":
            self._in_heading = False

    def handle_data(self, data: str) -> None:
        """Take in text."""
        if self._in_heading:
            self.heading = " ".join(f"{self.heading} {data}".split())


class Browser:
    """One person's browser, at the machine's usual address or at ``address``."""

    def __init__(self, *, address: str | None = None) -> None:
        self._client = httpx.Client(
            follow_redirects=True,
            timeout=TIMEOUT_S,
            transport=httpx.HTTPTransport(local_address=address) if address else None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def keep_cookie(self, name: str, value: str) -> None:
        """Keep a cookie as if a page had set it."""
        self._client.cookies.set(name, value)

    def open(self, address: str) -> Page:
        """Open an address, following redirects. Raises Unexpected on an error page."""
        return self._page(self._client.get(address))

    def submit(self, form: Form, **values: str) -> Page:
        """Send a form with ``values`` over its presets. Raises Unexpected on an error page."""
        origin = httpx.URL(form.action)
        headers = {"Referer": str(origin), "Origin": f"{origin.scheme}://{origin.netloc.decode()}"}
        answer = self._client.post(form.action, data={**form.fields, **values}, headers=headers)
        return self._page(answer)

    @staticmethod
    def _page(answer: httpx.Response) -> Page:
        address = str(answer.url)
        reader = _Reader(address)
        reader.feed(answer.text)
        page = Page(
            address, answer.status_code, answer.text, reader.forms, reader.links, reader.heading
        )
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TooMany(f"{address} answered 429: {page.heading}")
        if answer.status_code >= 400:
            raise Unexpected(f"{address} answered {answer.status_code}: {page.heading}")
        return page

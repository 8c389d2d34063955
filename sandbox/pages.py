"""The sandbox's pages: rendered with a strict content security policy, their forms read."""

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from sandbox.errors import Refused

HERE: Final = Path(__file__).parent
STYLE: Final = (HERE / "static" / "sandbox.css").read_bytes()
FORM_BYTES_MAX: Final = 20_000
FORM_FIELDS_MAX: Final = 100

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    template: str, *, status: int = 200, may_go_to: tuple[str | None, ...] = (), **values: object
) -> HTMLResponse:
    """A whole page. ``may_go_to``: addresses that its form may lead to by redirect."""
    html = _environment.get_template(template).render(**values)
    return HTMLResponse(html, status, security_headers(may_go_to))


def security_headers(may_go_to: tuple[str | None, ...] = ()) -> dict[str, str]:
    """Nothing but our own style sheet and forms; no frames, no referrer, no caching."""
    targets = " ".join(sorted({origin(url) for url in may_go_to if url}))
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
        f" frame-ancestors 'none'; form-action 'self' {targets}"
    )
    return {
        "Content-Security-Policy": policy.strip(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, by name. Raises Refused for what is no form."""
    raw = (await request.body())[:FORM_BYTES_MAX]
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict"
        )
    except ValueError as error:
        raise Refused(f"Invalid form encoding: {error}") from error
    for name, _ in pairs:
        if not name.isidentifier():  # No page of ours has such a field.
            raise Refused(f"Invalid parameter name: {name}")
    return dict(pairs)

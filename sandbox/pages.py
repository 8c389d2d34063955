"""Rendering the sandbox's pages, each with a strict content security policy."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

HERE: Final = Path(__file__).parent
STYLE: Final = (HERE / "static" / "sandbox.css").read_bytes()

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

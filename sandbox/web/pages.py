"""The sites of the small web: what a company says of itself, and what others write about it."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.pages import page
from sandbox.web.companies import KNOWN, SUFFIX, Company, company_at, name_of
from sandbox.web.hostile import hostile_page
from sandbox.web.search import DIRECTORY, HOSTILE, NEWS, REVIEWS

TINTS: Final = 6
LINKS: Final = (
    ("/pricing", "Prices"),
    ("/customers", "Customers"),
    ("/news", "News"),
    ("/about", "About"),
)
PAGES: Final[dict[str, tuple[str, str]]] = {  # template, and the name of its date
    "/": ("web/home.html", ""),
    "/pricing": ("web/pricing.html", "priced_on"),
    "/about": ("web/about.html", ""),
    "/customers": ("web/customers.html", ""),
    "/news": ("web/news.html", ""),
    "/news/where-our-customers-come-from": ("web/origins.html", "told_on"),
    "/news/what-we-change-this-winter": ("web/winter.html", "reported_on"),
    "/news/new-prices": ("web/prices_news.html", "priced_on"),
}
# Sites about all companies: what they are called, what they say, and their page of one company.
ABOUT_ALL: Final[dict[str, tuple[str, str, str, str]]] = {
    NEWS: ("The Trade Post", "News of small companies.", "web/article.html", "told_on"),
    REVIEWS: ("Fair Word", "What customers say.", "web/reviews.html", ""),
    DIRECTORY: ("Plainlist", "Companies, from A to Z.", "web/entry.html", ""),
}
ROBOTS: Final = "User-agent: *\nDisallow: /private/\n"

Link = Callable[[str, str], str]  # of host and path


async def answer_site(request: Request) -> Response:
    """A page by its host's name, as an agent asks for it."""
    host = request.headers.get("host", "").lower().partition(":")[0]
    return await _answer(request, host, request.url.path, _far)


async def answer_shown(request: Request) -> Response:
    """The same page for people: ``/web/HOST/PATH``, its links within it."""
    host, path = request.path_params["host"].lower(), "/" + request.path_params["path"]
    if not host.endswith(SUFFIX):
        return page("missing.html", status=404)
    return await _answer(request, host, path, _near)


async def answer_list(_: Request) -> Response:
    """The companies that there are, for people."""
    return _list("The small web", "Made-up companies that agents of this sandbox read about.",
                 "", _near, own=True)  # fmt: skip


def _far(host: str, path: str) -> str:
    return f"http://{host}{path}"


def _near(host: str, path: str) -> str:
    return f"/web/{host}{path}"


async def _answer(request: Request, host: str, path: str, link: Link) -> Response:
    path = "/" + path.strip("/")
    if path == "/robots.txt":
        return PlainTextResponse(ROBOTS)
    if host == HOSTILE:
        return await hostile_page(request, path, _values(host, name_of(host), link))
    if host in ABOUT_ALL:
        return _about_all(host, path, link)
    return _own(company_at(host), path, link)


def _own(company: Company, path: str, link: Link) -> Response:
    values = _values(company.host, company.name, link)
    if path not in PAGES:
        return page("web/missing.html", status=404, **values)
    template, dated = PAGES[path]
    published: date | None = getattr(company, dated) if dated else None
    return page(template, **values | {"it": company, "published": published})


def _about_all(host: str, path: str, link: Link) -> Response:
    site, says, template, dated = ABOUT_ALL[host]
    if path == "/":
        return _list(site, says, host, link)
    company = company_at(path.strip("/").partition("/")[0][:60].lower() + SUFFIX)
    values = _values(host, site, link) | {"links": ()}
    published = getattr(company, dated) if dated else None
    return page(template, **values | {"it": company, "published": published})


def _list(site: str, says: str, host: str, link: Link, *, own: bool = False) -> Response:
    companies = [(label + SUFFIX, name) for label, (name, _) in KNOWN.items()]
    companies += [(HOSTILE, name_of(HOSTILE))] if own else []

    def to(company: str, _name: str) -> str:
        return link(company, "/") if own else link(host, f"/{company.removesuffix(SUFFIX)}")

    values = _values(host, site, link) | {"links": (), "says": says, "companies": companies}
    if own:
        values["to"] = lambda _path: "/web/"
    return page("web/list.html", **values, link=to)


def _values(host: str, site: str, link: Link) -> dict[str, Any]:
    def to(path: str, other: str = "") -> str:
        return link(other or host, path)

    return {
        "site": site,
        "to": to,
        "label": host.removesuffix(SUFFIX),
        "links": LINKS,
        "published": None,
        "tint": f"t{sum(host.encode()) % TINTS}",
        "style": "/_small-web.css",
    }

"""Tokens in the control page's forms: no other site's page can know one."""

import hashlib
import hmac

from starlette.requests import Request

from sandbox.settings import Settings


def cookie_name(settings: Settings) -> str:
    """One cookie for each sandbox of this machine."""
    return f"sandbox_{settings.port}"


def token_for(settings: Settings, cookie: str) -> str:
    """The token of forms on pages that the browser with this cookie is shown."""
    key = settings.control_key.encode()
    return hmac.new(key, f"control:{cookie}".encode(), hashlib.sha256).hexdigest()


def is_our_form(settings: Settings, request: Request, token: str) -> bool:
    """Whether a form was sent from a page of ours, to the browser that sends it."""
    cookie = request.cookies.get(cookie_name(settings), "")
    origin = request.headers.get("origin")
    hosts = ("127.0.0.1", "localhost")
    allowed = {f"http://{host}:{settings.port}" for host in hosts} | {None, "null"}
    return (
        bool(cookie)
        and origin in allowed
        and hmac.compare_digest(token, token_for(settings, cookie))
    )

"""Keys in requests: which one was offered, and whether it is the right one."""

from base64 import b64decode
from binascii import Error as NotBase64
from secrets import compare_digest

from starlette.requests import Request


def offered_key(request: Request) -> str:
    """The key from Bearer or Basic authorization; empty when there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(value).decode().partition(":")[0]
        except (NotBase64, UnicodeDecodeError):
            return ""
    return ""


def is_same_key(offered: str, expected: str) -> bool:
    """Compare in constant time."""
    return compare_digest(offered.encode(), expected.encode())

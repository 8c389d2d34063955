"""Does a web address answer?"""

import urllib.error
import urllib.request
from typing import Final

ANSWER_S_MAX: Final = 5.0


def answers(address: str, *, host: str | None = None, timeout_s: float = ANSWER_S_MAX) -> bool:
    """Say whether ``address`` answers with a 2xx; ``host`` overrides the name it is asked by."""
    request = urllib.request.Request(address, headers={"Host": host} if host else {})  # noqa: S310  # our own stack
    try:
        with urllib.request.urlopen(request, timeout=timeout_s):  # noqa: S310  # our own stack
            return True
    except (OSError, urllib.error.URLError):
        return False

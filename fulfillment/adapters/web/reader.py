"""Reads one page of the public web for a run."""

from __future__ import annotations

import hashlib
import logging
from typing import Final, Self

from django.conf import LazySettings
from django.core.cache import cache
from redis.exceptions import RedisError

from fulfillment.adapters.web import robots
from fulfillment.adapters.web.addresses import SandboxWeb, Target
from fulfillment.adapters.web.connecting import Deadline
from fulfillment.adapters.web.fetching import (
    ALL_S_MAX,
    REDIRECTS_MAX,
    Answer,
    Fetcher,
    refuse_status,
)
from fulfillment.adapters.web.reading import KINDS, extract
from fulfillment.ports_web import Fault, NotFound, Page, PageReader

logger = logging.getLogger(__name__)

TOKEN: Final = "TrinityResearch"  # noqa: S105  # the name that sites know us by
ROBOTS_KEPT_S: Final = 3600
_ACCEPTS: Final = "text/html,application/xhtml+xml,text/plain;q=0.9,application/json;q=0.8"


class WebPages:
    """The public web: no other address is asked, and no site that asks not to be."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    @classmethod
    def from_settings(cls, settings: LazySettings) -> Self:
        """Return one that says whom to write to, and may read the sandbox's web in a sandbox."""
        return cls(
            Fetcher(
                user_agent=settings.RESEARCH.user_agent,
                sandbox_web=SandboxWeb.at(settings.RESEARCH.sandbox_web_url),
            )
        )

    def read(self, url: str) -> Page:
        """Return the page at ``url``. Raises NotFound."""
        deadline = Deadline(ALL_S_MAX)
        answer = self._followed(url, deadline=deadline)
        refuse_status(answer.status)
        if answer.content_type not in KINDS:
            raise NotFound(Fault.CONTENT_TYPE)
        found = extract(content_type=answer.content_type, charset=answer.charset, body=answer.body)
        return Page(
            final_url=answer.target.url,
            content_type=answer.content_type,
            body=answer.body,
            title=found.title,
            published_on=found.published_on,
            text=found.text,
        )

    def _followed(self, url: str, *, deadline: Deadline) -> Answer:
        """Return the first answer that is no redirect; each address on the way is judged."""
        for _ in range(REDIRECTS_MAX + 1):
            target = self._fetcher.target(url)
            if not robots.may_read(target.path, self._rules(target, deadline=deadline)):
                raise NotFound(Fault.ROBOTS)
            answer = self._fetcher.get(target, deadline=deadline, accepts=_ACCEPTS)
            if isinstance(answer, Answer):
                return answer
            url = answer
        raise NotFound(Fault.REDIRECTS)

    def _rules(self, target: Target, *, deadline: Deadline) -> list[robots.Rule]:
        """Return the rules of the target's site, remembered for an hour."""
        key = f"robots:{hashlib.sha256(target.origin.encode()).hexdigest()}"
        if (text := _remembered(key)) is None:
            text = self._robots(target, deadline=deadline)
            _remember(key, text)
        return robots.rules_for(TOKEN, text)

    def _robots(self, target: Target, *, deadline: Deadline) -> str:
        """Return a site's ``robots.txt``: one that has none allows all, one that fails nothing."""
        url = f"{target.origin}/robots.txt"
        for _ in range(REDIRECTS_MAX + 1):
            answer = self._fetcher.get(self._fetcher.target(url), deadline=deadline)
            if isinstance(answer, str):
                url = answer
                continue
            if answer.status == 200:
                return answer.body[: robots.BYTES_READ_MAX].decode(errors="replace")
            if 400 <= answer.status < 500:
                return ""
            raise NotFound(Fault.ROBOTS, is_passing=True)
        return ""


def _remembered(key: str) -> str | None:
    try:
        found = cache.get(key)
    except RedisError as error:
        logger.warning("robots not remembered", extra={"error": type(error).__name__})
        return None
    return found if isinstance(found, str) else None


def _remember(key: str, text: str) -> None:
    try:
        cache.set(key, text, ROBOTS_KEPT_S)
    except RedisError as error:
        logger.warning("robots not remembered", extra={"error": type(error).__name__})


READER: type[PageReader] = WebPages

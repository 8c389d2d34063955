"""What agents are offered, the runtime they work in, and how they look at the web."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import environ

from trinity.version import version

LANES_DEFAULT: Final = 2
# The lists of operations that an agent may ask for. Which there are is code, not environment.
TOOLS: Final = [
    "crm.tools.OPERATIONS",
    "revenue.tools.OPERATIONS",
    "fulfillment.tools.task.OPERATIONS",
    "fulfillment.tools.research.OPERATIONS",
    "fulfillment.tools.deliverables.OPERATIONS",
    "toolrouter.tools.OPERATIONS",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Where Hermes is ("": there is none), the key that it asks for, and how many lanes it has."""

    url: str
    key: str
    lanes: int

    @classmethod
    def of(cls, env: environ.Env) -> Self:
        """Read what ``env`` says."""
        return cls(
            url=env.str("HERMES_URL", default="").rstrip("/"),
            key=env.str("HERMES_API_KEY", default=""),
            lanes=env.int("HERMES_LANES", default=LANES_DEFAULT),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Research:
    """Whom sites may write to about us, and the search engine to ask ("": there is none).

    ``sandbox_web_url`` is where made-up companies are served; ``trinity.guards`` refuses to start
    with it anywhere but in a sandbox.
    """

    user_agent: str
    search_url: str
    sandbox_web_url: str
    page_reader: str = "fulfillment.adapters.web.reader.WebPages"
    search_engine: str = "fulfillment.adapters.searxng.SearXNG"

    @classmethod
    def of(cls, env: environ.Env, *, base_url: str) -> Self:
        """Read what ``env`` says; sites write to the shop, where it names nobody else."""
        contact = env.str("RESEARCH_CONTACT", default="") or base_url
        return cls(
            user_agent=f"TrinityResearch/{version()} (+{contact})",
            search_url=env.str("SEARCH_URL", default="").rstrip("/"),
            sandbox_web_url=env.str("SANDBOX_WEB_URL", default="").rstrip("/"),
        )

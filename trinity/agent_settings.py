"""Settings of the agent's runtime, read from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import environ

LANES_DEFAULT: Final = 2


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

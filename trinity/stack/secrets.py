"""Which process gets which secret: each what it needs, and no other.

Where one is taken over, the others' secrets are not in its environment. docker-compose.yml says the
same for containers; tests/stack/test_secrets.py holds the two together.
"""

from collections.abc import Mapping
from typing import Final

AGENTS_KEY: Final = "HERMES_API_KEY"
MODELS_KEY: Final = "HERMES_MODEL_KEY"
SECRETS: Final = frozenset(
    {
        *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "MIGRATION_DATABASE_URL"),
        *("REDIS_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS", "EMAIL_URL"),
        *(AGENTS_KEY, MODELS_KEY),
    }
)
OWNERS_ADDRESS: Final = "MIGRATION_DATABASE_URL"
_PAGES: Final = SECRETS - {OWNERS_ADDRESS, AGENTS_KEY, MODELS_KEY}
OF: Final[Mapping[str, frozenset[str]]] = {
    "prepare": (_PAGES | {OWNERS_ADDRESS})
    - {"EMAIL_URL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRETS"},
    "web": _PAGES,
    "doors": frozenset({"DATABASE_URL", "REDIS_URL", "STRIPE_WEBHOOK_SECRETS"}),
    "mcp": frozenset({"DATABASE_URL", "REDIS_URL"}),
    "worker": _PAGES,
    "worker-tools": (_PAGES | {AGENTS_KEY}) - {"EMAIL_URL"},
    "beat": frozenset({"REDIS_URL"}),
    # Of whoever makes its seats; the agent itself finds none of them in its environment.
    "hermes": frozenset({"DATABASE_URL", "REDIS_URL", AGENTS_KEY, MODELS_KEY}),
    "sandbox": frozenset(),
}


def for_process(name: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return ``env`` without the secrets that are none of the business of process ``name``."""
    needless = SECRETS - OF[name]
    kept = {key: value for key, value in env.items() if key not in needless}
    return kept | {"TRINITY_PROCESS": name}

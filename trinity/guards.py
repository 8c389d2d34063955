"""Refusals at start-up: where mode and keys disagree, nothing starts.

Pure decisions over an environment mapping; no Django, no network, no files, so
settings, the launchers and the stack's supervisor all ask the same questions.
No sentence contains a key or a secret.
"""

import re
from collections.abc import Mapping
from typing import Final

STRIPE_API_BASE: Final = "https://api.stripe.com"
# Keys of an organisation have a word more: sk_org_live_…
LIVE_KEY: Final = re.compile(r"^[a-z]{2,4}_(org_)?live_", re.IGNORECASE)
TEST_KEY: Final = re.compile(r"^[a-z]{2,4}_(org_)?test_", re.IGNORECASE)
SECRET_KEY_CHARS_MIN: Final = 50  # what Django's own check --deploy asks for
FALSE_WORDS: Final = frozenset({"", "0", "false", "off", "no", "n", "f"})
TRUE_WORDS: Final = frozenset({"1", "true", "on", "yes", "y"})
SWITCHES: Final = ("DEBUG", "DATABASE_POOL")
MODES: Final = frozenset({"live", "test", "sandbox"})
# Mail that these accept never reaches a buyer.
DEAF_MAIL: Final = ("console", "file", "memory", "locmem", "dummy")
SELLER_IDENTITY: Final = ("SELLER_NAME", "SELLER_ADDRESS", "SELLER_CONTACT")


class Refused(Exception):
    """What was asked must not happen with this environment. The text is one sentence."""


def is_live_key(key: str) -> bool:
    """Say whether ``key`` moves real money: ``sk_live_…``, ``rk_live_…`` and their kin."""
    return LIVE_KEY.match(key.strip()) is not None


def is_stripes_own(api_base: str) -> bool:
    """Say whether ``api_base`` is Stripe itself; an empty one means Stripe."""
    return (api_base.strip().rstrip("/") or STRIPE_API_BASE) == STRIPE_API_BASE


def mode(env: Mapping[str, str]) -> str:
    """Return the deployment's mode: ``live``, ``test`` or ``sandbox``.

    ``live`` is only ever asked for by name (``TRINITY_MODE=live``); the others
    follow from where the calls go.
    """
    if _asked_mode(env) == "live":
        return "live"
    return "test" if is_stripes_own(env.get("STRIPE_API_BASE", "")) else "sandbox"


def problems(env: Mapping[str, str]) -> list[str]:
    """Return one sentence for each reason not to start; empty when all is well."""
    found = [
        *_mode_problems(env),
        *_key_problems(env),
        *_webhook_secret_problems(env),
        *_switch_problems(env),
    ]
    if mode(env) == "live":
        found += [*_live_key_problems(env), *_live_deployment_problems(env)]
    return found


def refuse_live_keys(env: Mapping[str, str], *, what: str) -> None:
    """Stop ``what`` (a command that invents data or faults) near real money.

    Raises Refused when a live key is set or live mode is asked for.
    """
    if is_live_key(env.get("STRIPE_SECRET_KEY", "")):
        raise Refused(
            f"{what} refuses to run with a live Stripe key; "
            "unset STRIPE_SECRET_KEY or give it a test key."
        )
    if _asked_mode(env) == "live":
        raise Refused(f"{what} refuses to run with TRINITY_MODE=live; unset TRINITY_MODE.")


def _asked_mode(env: Mapping[str, str]) -> str:
    return env.get("TRINITY_MODE", "").strip().lower()


def _mode_problems(env: Mapping[str, str]) -> list[str]:
    asked = _asked_mode(env)
    if not asked:
        return []
    if asked not in MODES:
        return ["TRINITY_MODE must be live, test, sandbox or empty."]
    if asked != mode(env):
        return [
            f"TRINITY_MODE is {asked} but STRIPE_API_BASE makes this a {mode(env)} "
            "deployment; correct one of the two."
        ]
    return []


def _key_problems(env: Mapping[str, str]) -> list[str]:
    key = env.get("STRIPE_SECRET_KEY", "").strip()
    is_stripe = is_stripes_own(env.get("STRIPE_API_BASE", ""))
    found = []
    if is_live_key(key) and not is_stripe:
        found.append(
            "STRIPE_SECRET_KEY is a live key but STRIPE_API_BASE is not Stripe's own "
            f"({STRIPE_API_BASE}); a live key is sent nowhere else."
        )
    elif is_live_key(key) and _asked_mode(env) != "live":
        found.append(
            "STRIPE_SECRET_KEY is a live key, which moves real money; "
            "set TRINITY_MODE=live to mean it, or use a test key."
        )
    if key and is_stripe and not is_live_key(key) and not TEST_KEY.match(key):
        found.append(
            "STRIPE_SECRET_KEY is neither a live nor a test key of Stripe's, "
            "but STRIPE_API_BASE is Stripe's own; correct one of the two."
        )
    return found


def _webhook_secret_problems(env: Mapping[str, str]) -> list[str]:
    """An empty secret would let anyone sign; without a provider the door stays shut."""
    secrets = env.get("STRIPE_WEBHOOK_SECRETS")
    if secrets is None and not env.get("STRIPE_SECRET_KEY", "").strip() and mode(env) != "live":
        return []
    if all(part.strip() for part in (secrets or "").split(",")):
        return []
    return [
        "STRIPE_WEBHOOK_SECRETS is empty or has an empty part; "
        "give the endpoint's signing secrets (whsec_…), separated by commas."
    ]


def _switch_problems(env: Mapping[str, str]) -> list[str]:
    return [
        f"{name} is neither on nor off; write {name}=1 or {name}=0."
        for name in SWITCHES
        if env.get(name, "").strip().lower() not in FALSE_WORDS | TRUE_WORDS
        and not (name == "DEBUG" and mode(env) == "live")  # which has a stricter sentence for it
    ]


def _live_key_problems(env: Mapping[str, str]) -> list[str]:
    if is_live_key(env.get("STRIPE_SECRET_KEY", "")):
        return []
    return ["TRINITY_MODE is live but STRIPE_SECRET_KEY is not a live key."]


def _live_deployment_problems(env: Mapping[str, str]) -> list[str]:
    found = []
    if env.get("DEBUG", "").strip().lower() not in FALSE_WORDS:
        found.append("DEBUG must be off in live mode; set DEBUG=0.")
    if not _reaches_people(env):
        found.append(
            "E-mail would not reach buyers in live mode; set EMAIL_URL to an SMTP server "
            "(smtp+tls://user:password@host:587)."
        )
    if not env.get("BASE_URL", "").strip().lower().startswith("https://"):
        found.append(
            "BASE_URL is not the shop's public https address; in live mode cookies, order links "
            "and password links travel encrypted only."
        )
    if "SECRET_KEY" in env and len(env["SECRET_KEY"].strip()) < SECRET_KEY_CHARS_MIN:
        found.append(
            f"SECRET_KEY is shorter than {SECRET_KEY_CHARS_MIN} characters; it signs cookies and "
            "encrypts second factors, so make it long and random."
        )
    found += [
        f"{name} is missing; in live mode buyers must be told who sells to them."
        for name in SELLER_IDENTITY
        if not env.get(name, "").strip()
    ]
    return found


def _reaches_people(env: Mapping[str, str]) -> bool:
    url_scheme = env.get("EMAIL_URL", "").strip().lower().partition(":")[0]
    backend = env.get("EMAIL_BACKEND", "").strip().lower()
    if not url_scheme:
        return False
    return not any(url_scheme.startswith(word) or f".{word}" in backend for word in DEAF_MAIL)

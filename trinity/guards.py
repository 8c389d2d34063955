"""Refusals at start-up: where mode and keys disagree, nothing starts.

Pure decisions over an environment mapping; no Django, no network, no files, so
settings, the launchers and the stack's supervisor all ask the same questions.
No sentence contains a key or a secret.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from kernel.weak_secrets import QUOTES, weak_secrets

STRIPE_API_BASE: Final = "https://api.stripe.com"
# Keys of an organisation have a word more: sk_org_live_…
LIVE_KEY: Final = re.compile(r"^[a-z]{2,4}_(org_)?live_", re.IGNORECASE)
TEST_KEY: Final = re.compile(r"^[a-z]{2,4}_(org_)?test_", re.IGNORECASE)
FALSE_WORDS: Final = frozenset({"", "0", "false", "off", "no", "n", "f"})
TRUE_WORDS: Final = frozenset({"1", "true", "on", "yes", "y"})
SWITCHES: Final = ("DEBUG", "DATABASE_POOL", "LIVE_OUTREACH", "LIVE_SPEND")
MODES: Final = frozenset({"live", "test", "sandbox"})
# Mail that these accept never reaches a buyer.
DEAF_MAIL: Final = ("console", "file", "memory", "locmem", "dummy")
ENCRYPTED_MAIL: Final = frozenset({"smtp+tls", "smtp+ssl", "smtps"})
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
SELLER_IDENTITY: Final = ("SELLER_NAME", "SELLER_ADDRESS", "SELLER_CONTACT")

# They are not given what pages and workers sell with (trinity.stack.secrets); those are asked.
SELLS_NOTHING: Final = frozenset({"prepare", "doors", "mcp", "beat"})
KEYLESS: Final = frozenset({"doors", "mcp", "beat", "hermes"})  # they sign nothing
SENDS_NO_MAIL: Final = frozenset({"worker-tools"})
# What an owner may make longer, and in live mode never shorter: seconds.
LIVE_FLOORS_S: Final = {"APPROVAL_HOLD_LIVE_S": 60, "APPROVAL_USABLE_S": 60}
# How much one run may do at most in live mode; an owner may make each smaller.
LIVE_CEILINGS: Final = {
    "RUN_CALLS_PER_MINUTE_MAX": 3000,
    "RUN_PROPOSALS_PER_MINUTE_MAX": 300,
    "RUN_WAITING_MAX": 100,
}


class Refused(Exception):
    """What was asked must not happen with this environment. The text is one sentence."""


def is_live_key(key: str) -> bool:
    """Say whether ``key`` moves real money: ``sk_live_…``, ``rk_live_…`` and their kin."""
    return LIVE_KEY.match(_as_meant(key)) is not None


def _as_meant(key: str) -> str:
    """Return ``key`` without what came along when it was copied: quotes, what nobody sees."""
    return "".join(each for each in key if each.isprintable()).strip(f" {QUOTES}")


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
    process = env.get("TRINITY_PROCESS", "")
    if process in SELLS_NOTHING:
        of_the_door = _webhook_secret_problems(env) if process == "doors" else []
        of_agents = _live_bound_problems(env) if mode(env) == "live" else []
        of_agents += _sandbox_web_problems(env)
        return [*_mode_problems(env), *of_the_door, *_switch_problems(env), *of_agents]
    found = [
        *_mode_problems(env),
        *_key_problems(env),
        *_webhook_secret_problems(env),
        *_switch_problems(env),
        *_sandbox_web_problems(env),
    ]
    if mode(env) == "live":
        found += [
            *_live_key_problems(env),
            *_live_deployment_problems(env),
            *([] if process in SENDS_NO_MAIL else _live_mail_problems(env)),
            *_live_bound_problems(env),
            *_live_host_problems(env),
            *weak_secrets(_without_a_key_that_is_not_live(env)),
        ]
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


def _sandbox_web_problems(env: Mapping[str, str]) -> list[str]:
    """Made-up companies are researched in a sandbox alone, and there on this machine."""
    address = env.get("SANDBOX_WEB_URL", "").strip()
    if not address:
        return []
    if mode(env) != "sandbox":
        return [
            f"SANDBOX_WEB_URL is set in a {mode(env)} deployment, whose research would read "
            "made-up companies; unset it."
        ]
    try:
        parts = urlsplit(address)
        is_here = parts.scheme == "http" and parts.hostname in LOOPBACK and parts.port is not None
    except ValueError:
        is_here = False
    if is_here:
        return []
    return ["SANDBOX_WEB_URL must be the sandbox on this machine, as http://127.0.0.1:8002."]


def _live_key_problems(env: Mapping[str, str]) -> list[str]:
    if is_live_key(env.get("STRIPE_SECRET_KEY", "")):
        return []
    return ["TRINITY_MODE is live but STRIPE_SECRET_KEY is not a live key."]


def _live_deployment_problems(env: Mapping[str, str]) -> list[str]:
    found = []
    if env.get("DEBUG", "").strip().lower() not in FALSE_WORDS:
        found.append("DEBUG must be off in live mode; set DEBUG=0.")
    if not env.get("BASE_URL", "").strip().lower().startswith("https://"):
        found.append(
            "BASE_URL is not the shop's public https address; in live mode cookies, order links "
            "and password links travel encrypted only."
        )
    found += [
        f"{name} is missing; in live mode buyers must be told who sells to them."
        for name in SELLER_IDENTITY
        if not env.get(name, "").strip()
    ]
    return found


def _live_mail_problems(env: Mapping[str, str]) -> list[str]:
    if not _reaches_people(env):
        return [
            "E-mail would not reach buyers in live mode; set EMAIL_URL to an SMTP server "
            "(smtp+tls://user:password@host:587)."
        ]
    if not _is_mail_encrypted(env.get("EMAIL_URL", "").strip()):
        return [
            "EMAIL_URL would send passwords and order links in clear; use smtp+tls:// (port 587) "
            "or smtp+ssl:// (port 465)."
        ]
    return []


def _live_bound_problems(env: Mapping[str, str]) -> list[str]:
    """Hold the pauses that people have, and what a run may do, to their bounds."""
    too_short = [
        f"{name} is shorter than {floor_s}; in live mode people have at least so many seconds."
        for name, floor_s in LIVE_FLOORS_S.items()
        if not _is_number(said := env.get(name, "").strip() or str(floor_s)) or int(said) < floor_s
    ]
    too_many = [
        f"{name} is more than {most}; in live mode no run may do so much."
        for name, most in LIVE_CEILINGS.items()
        if not _is_number(said := env.get(name, "").strip() or str(most)) or int(said) > most
    ]
    return [*too_short, *too_many]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_mail_encrypted(address: str) -> bool:
    """Say whether what leaves is encrypted, or does not leave this machine."""
    try:
        parts = urlsplit(address)
        switches = {name.upper() for name in parse_qs(parts.query, keep_blank_values=True)}
        is_local = parts.hostname in LOOPBACK
    except ValueError:
        return False
    is_switched = bool(switches & {"EMAIL_USE_TLS", "EMAIL_USE_SSL"})  # off again, perhaps
    return is_local or (parts.scheme in ENCRYPTED_MAIL and not is_switched)


def _live_host_problems(env: Mapping[str, str]) -> list[str]:
    """A forged Host header must lead nowhere; the shop's own must."""
    hosts = [host.lower() for host in env.get("ALLOWED_HOSTS", "").split(",") if host]
    if any("*" in host or "." not in host.strip(".") for host in hosts if host not in LOOPBACK):
        return [
            "ALLOWED_HOSTS answers to names that are not the shop's; name each host in full, or "
            "leave it empty, which means the one of BASE_URL."
        ]
    try:
        ours = urlsplit(env.get("BASE_URL", "").strip().lower()).hostname or ""
    except ValueError:
        ours = ""
    if hosts and ours and not any(_fits(ours, host) for host in hosts):
        return [
            "ALLOWED_HOSTS does not name the host of BASE_URL, so every page would answer 400; "
            "add it, or leave ALLOWED_HOSTS empty."
        ]
    return []


def _fits(host: str, allowed: str) -> bool:
    return host == allowed or (allowed.startswith(".") and f".{host}".endswith(allowed))


def _without_a_key_that_is_not_live(env: Mapping[str, str]) -> Mapping[str, str]:
    """That it is none is said already; how long it is no longer matters."""
    if is_live_key(env.get("STRIPE_SECRET_KEY", "")):
        return env
    return {name: value for name, value in env.items() if name != "STRIPE_SECRET_KEY"}


def _reaches_people(env: Mapping[str, str]) -> bool:
    url_scheme = env.get("EMAIL_URL", "").strip().lower().partition(":")[0]
    backend = env.get("EMAIL_BACKEND", "").strip().lower()
    if not url_scheme:
        return False
    return not any(url_scheme.startswith(word) or f".{word}" in backend for word in DEAF_MAIL)

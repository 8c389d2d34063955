"""What the sandbox is told by its environment, parsed strictly and once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LIVE_KEY_STARTS: Final = ("sk_live", "rk_live", "pk_live")
SELLER_NAME_DEFAULT: Final = "Trinity Growth (sandbox seller)"  # as the shop says it


class BadSettings(Exception):
    """The environment cannot be used; the message says what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One sandbox: where it listens, where it keeps its file, where its webhooks go."""

    port: int
    home: Path
    stripe_key: str
    webhook_url: str
    webhook_secret: str
    seller_name: str = SELLER_NAME_DEFAULT
    delayed_payment_s: float = 5.0
    webhook_backoff_s: float = 1.0
    webhook_attempts_max: int = 10
    webhook_timeout_s: float = 10.0

    @property
    def base_url(self) -> str:
        """The address people and SDKs use, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def control_key(self) -> str:
        """The key that test control asks for."""
        return self.stripe_key

    @property
    def database(self) -> Path:
        """The one SQLite file that holds all the sandbox knows."""
        return self.home / "sandbox.sqlite3"


def settings_from(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises BadSettings with one sentence that says what to set."""
    key = _required(environ, "SANDBOX_STRIPE_KEY")
    secret = _required(environ, "SANDBOX_WEBHOOK_SECRET")
    for name, value in (("SANDBOX_STRIPE_KEY", key), ("SANDBOX_WEBHOOK_SECRET", secret)):
        if any(start in value for start in LIVE_KEY_STARTS):
            raise BadSettings(f"{name} looks like a live key. The sandbox never takes live keys.")
    webhook_url = environ.get("SANDBOX_WEBHOOK_URL", "")
    if webhook_url and not webhook_url.startswith(("http://", "https://")):
        raise BadSettings("SANDBOX_WEBHOOK_URL must start with http:// or https://.")
    seller = environ.get("SELLER_NAME", "").strip()
    return Settings(
        port=int(_number(environ, "SANDBOX_PORT", 8002)),
        home=Path(_required(environ, "SANDBOX_HOME")).expanduser(),
        stripe_key=key,
        webhook_url=webhook_url,
        webhook_secret=secret,
        seller_name=seller or SELLER_NAME_DEFAULT,
        delayed_payment_s=_number(environ, "SANDBOX_DELAYED_PAYMENT_S", 5.0),
        webhook_backoff_s=_number(environ, "SANDBOX_WEBHOOK_BACKOFF_S", 1.0),
        webhook_attempts_max=int(_number(environ, "SANDBOX_WEBHOOK_ATTEMPTS", 10)),
        webhook_timeout_s=_number(environ, "SANDBOX_WEBHOOK_TIMEOUT_S", 10.0),
    )


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise BadSettings(f"{name} is not set. The local stack sets it; see .env.example.")
    return value


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise BadSettings(f"{name} must be a number, not {text!r}.") from None
    if value < 0:
        raise BadSettings(f"{name} must not be negative.")
    return value

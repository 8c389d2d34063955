"""The providers that operations go through, registered by whoever owns the adapter.

What is proved of a provider is bound to where its calls go and to the key that they carry. The
key itself is told to nobody: only whether it is the one that was proved.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where the calls of this process go, and under which key.

    ``key_digest`` returns the key's fingerprint under a salt (``kernel.fingerprints``); None in a
    process that holds no key.
    """

    account: str
    address: str
    key_digest: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """What a provider said of itself when it was asked: its own name of the account, and whether
    that account is live. ``is_stand_in``: it is not the provider itself that answered.
    """

    account_ref: str
    is_live: bool
    is_stand_in: bool


class Provider(ABC):
    """One provider. ``has_api``: a programme can ask it; any other an owner attests."""

    name: ClassVar[str]
    title: ClassVar[str]
    has_api: ClassVar[bool] = True

    @abstractmethod
    def connection(self) -> Connection | None:
        """Return where its adapter's calls go; None where nothing is set up. No network."""

    @abstractmethod
    def ask(self, *, is_waited_for: bool) -> Proved:
        """Read at the provider whose account the key opens. Changes nothing there.

        ``is_waited_for``: somebody waits for a page; it takes seconds, or fails. Raises
        ``kernel.retries.CallFailed``; ``Refused`` where the provider turned the key away.
        """


_providers: Final[dict[str, Provider]] = {}


def register_provider(provider: Provider) -> None:
    """Register ``provider``. Raises ValueError for a name that is taken by another."""
    if _providers.setdefault(provider.name, provider) is not provider:
        raise ValueError(f"{provider.name} is registered already")


def provider_of(name: str) -> Provider | None:
    """Return the provider of that name, or None."""
    return _providers.get(name)


def providers() -> Sequence[Provider]:
    """Return all providers, in the order of their registration."""
    return tuple(_providers.values())

"""How far a provider is ready now: what was proved, compared with where calls go and their key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from kernel.state_words import OperatorWords
from toolrouter.connections import Connection, provider_of, providers
from toolrouter.enums import READINESS
from toolrouter.models import ProviderReadiness
from toolrouter.models.readiness import VERIFIED
from toolrouter.queries.pages import who
from toolrouter.vocabulary import Readiness

LISTED_MAX: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedLine:
    """What was noted of a provider once: what it said, or why it said nothing."""

    reference: str
    words: OperatorWords
    mode: str
    account_ref: str
    says_live: bool | None
    address: str
    code: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessNow:
    """How far a provider is ready now.

    ``noted`` is what was noted last, maybe of another key or address than today's; ``proof`` is the
    same where it proves today's. ``address`` and ``key_digest`` are what was proved, "" where
    nothing was.
    """

    level: Readiness
    noted: NotedLine | None = None
    proof: NotedLine | None = None
    address: str = ""
    key_digest: str = ""

    @property
    def words(self) -> OperatorWords:
        """Return what the level says to operators."""
        return READINESS[self.level]


def readiness_of(name: str, *, confirms: bool = False) -> ReadinessNow:
    """Return how far the provider of that name is ready now. One statement.

    A key or an address that is another than what was proved falls back by this comparison, without
    anybody acting. A process that holds no key believes the row about it; with ``confirms`` it
    does not: whoever is about to call must hold the very key that was proved.
    """
    provider = provider_of(name)
    connection = provider.connection() if provider else None
    if provider is None or connection is None:
        return ReadinessNow(level=Readiness.NOT_CONFIGURED)
    row = newest_of(name)
    noted = _line(row) if row else None
    if row is not None and _proves(row, connection, provider.has_api, confirms=confirms):
        return ReadinessNow(
            level=Readiness(row.level),
            noted=noted,
            proof=noted,
            address=row.address,
            key_digest=row.key_digest,
        )
    has_key = connection.key_digest is not None or (row is not None and row.key_digest != "")
    level = Readiness.SECRET_STORED if has_key else Readiness.CONFIGURED
    return ReadinessNow(level=level, noted=noted)


def newest_of(name: str) -> ProviderReadiness | None:
    """Return what was noted last of a provider."""
    return _of(name).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """One provider on its page: how ready it is, what shows that, and what was noted before."""

    name: str
    title: str
    has_api: bool
    ready: ReadinessNow
    noted: Sequence[NotedLine]

    @property
    def is_attested(self) -> bool:
        """Say whether an owner vouches for it."""
        return self.ready.level == Readiness.ATTESTED

    @property
    def newest(self) -> NotedLine | None:
        """Return what was noted last."""
        return self.noted[0] if self.noted else None

    @property
    def is_of_another_key(self) -> bool:
        """Say whether what was noted last is of another key or address than today's."""
        return self.ready.noted is not None and self.ready.noted.words != self.ready.words


def integrations() -> Sequence[Integration]:
    """Return all providers, in the order of their registration. Two statements each."""
    return [
        Integration(
            name=provider.name,
            title=provider.title,
            has_api=provider.has_api,
            ready=readiness_of(provider.name),
            noted=[_line(row) for row in _of(provider.name)[:LISTED_MAX]],
        )
        for provider in providers()
    ]


def _of(name: str) -> QuerySet[ProviderReadiness]:
    rows = ProviderReadiness.objects.filter(provider=name)
    return rows.select_related("noted_by").order_by("-pk")


def _line(row: ProviderReadiness) -> NotedLine:
    return NotedLine(
        reference=row.reference,
        words=READINESS[Readiness(row.level)],
        mode=row.mode,
        account_ref=row.account_ref,
        says_live=row.livemode,
        address=row.address,
        code=row.code,
        by=who(row.noted_by) or "Trinity",
        at=row.noted_at,
    )


def is_same_place(row: ProviderReadiness, connection: Connection) -> bool:
    """Say whether ``row`` speaks of the account and address that calls go to."""
    return (row.account, row.address) == (connection.account, connection.address)


def is_same_key(row: ProviderReadiness, connection: Connection) -> bool:
    """Say whether ``row`` speaks of the key that this process holds."""
    if connection.key_digest is None or not row.key_salt:
        return False
    return connection.key_digest(row.key_salt) == row.key_digest


def _proves(
    row: ProviderReadiness, connection: Connection, has_api: bool, *, confirms: bool
) -> bool:
    """Say whether ``row`` proves this connection; what it proved of another counts nothing."""
    if not is_same_place(row, connection):
        return False
    if not has_api:
        return row.level == Readiness.ATTESTED
    must_match = confirms or connection.key_digest is not None
    return row.level in VERIFIED and (not must_match or is_same_key(row, connection))

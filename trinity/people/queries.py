"""Who belongs to the team."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import models
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kernel.modes import Mode
from kernel.state_words import OperatorWords, for_operators
from trinity.roles import OWNER, strongest

# What is asked for beside a password. Recovery codes stand in for one of these.
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
PEOPLE_MAX = 500  # one organisation's team; the page lists them all


class AccountState(models.TextChoices):
    """Where an account of the team stands."""

    ACTIVE = "active", "active"
    INVITED = "invited", "invited"
    CLOSED = "closed", "closed"


ACCOUNTS: Final = for_operators(
    AccountState,
    {
        AccountState.ACTIVE: OperatorWords(tone="ok"),
        AccountState.INVITED: OperatorWords(tone="wait", note="has not chosen a password yet"),
        AccountState.CLOSED: OperatorWords(tone="off", note="nobody can log in with it"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One member of the team, as the people page shows them."""

    id: int
    name: str
    email: str
    role: str
    is_active: bool
    has_password: bool
    last_login: datetime | None
    second_factors: tuple[str, ...]
    sessions: int

    @property
    def state(self) -> AccountState:
        """Return where the account stands."""
        if not self.is_active:
            return AccountState.CLOSED
        return AccountState.ACTIVE if self.has_password else AccountState.INVITED

    @property
    def state_words(self) -> OperatorWords:
        """Return what the account's state says to its colleagues."""
        return ACCOUNTS[self.state]


def people() -> list[Person]:
    """Return the team: owners first, then by name. Two queries and one for the groups."""
    rows = list(_with_sessions(User.objects.order_by("id"))[:PEOPLE_MAX])
    factors = _second_factors(row.pk for row in rows)
    order = {"owner": 0, "operator": 1, "auditor": 2}
    found = [_person(row, factors.get(row.pk, ())) for row in rows]
    return sorted(
        found, key=lambda p: (not p.is_active, order.get(p.role, 3), p.name.casefold(), p.id)
    )


def person(user_id: int) -> Person | None:
    """Return one member, or None."""
    row = _with_sessions(User.objects.filter(pk=user_id)).first()
    return _person(row, _second_factors([user_id]).get(user_id, ())) if row else None


def account(user_id: int) -> User:
    """Return the account itself. Raises User.DoesNotExist."""
    return User.objects.get(pk=user_id)


def newest_factor(user_id: int | None, kind: Authenticator.Type) -> Authenticator:
    """Return the factor that was added last. Raises Authenticator.DoesNotExist."""
    return Authenticator.objects.filter(user_id=user_id, type=kind).latest("pk")


def person_at(address: str) -> User | None:
    """Return who logs in at this address, or None."""
    return User.objects.filter(emailaddress__email=address.strip().lower()).first()


def is_owner(user_id: int) -> bool:
    """Say whether this person is an active owner."""
    return user_id in active_owner_ids()


def active_owner_ids() -> set[int]:
    """Return the owners who can log in."""
    owners = User.objects.filter(groups__name=OWNER, is_active=True)
    return set(owners.values_list("pk", flat=True))


def must_set_up_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Say whether a password alone lets this person do everything, in live mode. One query.

    Whoever must reaches nothing else before, and learns nothing of what there is.
    """
    if settings.DEPLOYMENT_MODE != Mode.LIVE or not user.is_authenticated:
        return False
    proved_twice = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
    owners = User.objects.filter(pk=user.pk, groups__name=OWNER)
    return owners.exclude(Exists(proved_twice)).exists()


def _with_sessions(users: QuerySet[User]) -> QuerySet[User]:
    sessions = (
        UserSession.objects.filter(user=OuterRef("pk"))
        .order_by()
        .values("user")
        .annotate(count=Count("*"))
        .values("count")
    )
    return users.annotate(sessions=Coalesce(Subquery(sessions), 0)).prefetch_related("groups")


def _second_factors(user_ids: Iterable[int]) -> Mapping[int, tuple[str, ...]]:
    """Return the second factors in words, by user: ``2 keys``, ``app``."""
    types: dict[int, Counter[str]] = {}
    kinds = Authenticator.objects.filter(user_id__in=list(user_ids))
    for user_id, kind in kinds.values_list("user_id", "type"):
        types.setdefault(user_id, Counter())[kind] += 1
    return {user_id: _factor_words(counts) for user_id, counts in types.items()}


def _factor_words(counts: Counter[str]) -> tuple[str, ...]:
    words = []
    if keys := counts[Authenticator.Type.WEBAUTHN]:
        words.append("1 key" if keys == 1 else f"{keys} keys")
    if counts[Authenticator.Type.TOTP]:
        words.append("app")
    return tuple(words)


def _person(user: User, second_factors: tuple[str, ...]) -> Person:
    return Person(
        id=user.pk,
        name=user.get_full_name() or user.email,
        email=user.email,
        role=strongest(group.name for group in user.groups.all()),
        is_active=user.is_active,
        has_password=user.has_usable_password(),
        last_login=user.last_login,
        second_factors=second_factors,
        sessions=getattr(user, "sessions", 0),
    )

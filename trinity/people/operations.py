"""What happens to a person's account, inside the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from kernel.references import new_reference
from ledger.operations import audit
from trinity.logins.browsers import forget_all
from trinity.models import TotpCounter
from trinity.people.queries import active_owner_ids
from trinity.roles import OWNER, ROLES

OWNERS_LOCK: Final = 0x5EA2  # the advisory lock of whoever changes who the owners are


class LastOwner(Exception):
    """Nobody would be left who may say who belongs to the team."""


class NotYourself(Exception):
    """Nobody takes away their own role or account; another owner does."""


class EmailTaken(Exception):
    """Somebody on the team has this address already."""


class NobodyThere(Exception):
    """No account has this address."""


class AccountClosed(Exception):
    """The account is deactivated; an owner opens it again first."""


def make_person(*, email: str, first_name: str, last_name: str, role: str) -> User:
    """Make an account without a password; logins go by the address, records by the reference.

    Raises EmailTaken, also when two do it at once: the database says it first.
    """
    address = email.strip().lower()
    try:
        with transaction.atomic():
            user = User.objects.create(
                username=new_reference("usr"),
                email=address,
                first_name=first_name,
                last_name=last_name,
                is_staff=True,
            )
            user.set_unusable_password()
            user.save(update_fields=["password"])
            # The owner vouches for the address; only its mailbox can open the account.
            EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    except IntegrityError as error:
        raise EmailTaken("this address belongs to somebody on the team") from error
    set_role(user, role)
    return user


def make_owner(*, email: str, now: datetime) -> User:
    """Make an owner whom nobody invited, and record it. Raises EmailTaken."""
    # No name: "Owner" would be one more thing of that name. Pages say the address instead.
    user = make_person(email=email, first_name="", last_name="", role=OWNER)
    audit(
        actor_id=None,
        event="person.seeded",
        subject=subject(user),
        facts={"role": OWNER},
        now=now,
    )
    return user


def set_role(user: User, role: str) -> None:
    """Make ``role`` the one role of ``user``; groups that are no roles stay."""
    user.groups.remove(*Group.objects.filter(name__in=set(ROLES) - {role}))
    user.groups.add(Group.objects.get(name=role))


def lock_owners() -> set[int]:
    """Let one change to the owners run at a time; return the active ones.

    Two owners who take each other's role at the same moment must not both succeed.
    """
    with connection.cursor() as cursor:  # no row of a group: the application may not write those
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OWNERS_LOCK])
    return active_owner_ids()


def refuse_self_and_last_owner(*, user_id: int, by_id: int) -> None:
    """Raise NotYourself or LastOwner where ``user_id`` must stay an active owner."""
    owners = lock_owners()
    if user_id == by_id:
        raise NotYourself("another owner has to do this")
    if owners == {user_id}:
        raise LastOwner("there must be an owner left")


def use_totp_counter(user_id: int, counter: int) -> bool:
    """Use the code of the half minute ``counter``, unless it or a later one was used before.

    A compare-and-swap: of two who try it at the same moment, one is told that it is theirs.
    """
    row = TotpCounter(user_id=user_id, last_used=0)
    TotpCounter.objects.bulk_create([row], ignore_conflicts=True)
    older = TotpCounter.objects.filter(user_id=user_id, last_used__lt=counter)
    return older.update(last_used=counter) == 1


def end_sessions(user: User, *, but: str | None = None) -> int:
    """End every session of ``user`` at once, ``but`` that one; return how many there were.

    Where all of them end, no browser is known to the person any more.
    """
    if but is None:
        forget_all(user)
    sessions = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    keys = list(sessions.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    sessions.delete()
    return len(keys)


def subject(user: Model) -> str:
    """Return how the ledger names a person: no name, no address."""
    return f"user:{user.pk}"

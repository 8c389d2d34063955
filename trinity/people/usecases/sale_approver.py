"""Who answers questions in a played sale: a person made for it, and deactivated at its end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.people.operations import NobodyThere, end_sessions, lock_owners, make_person, subject
from trinity.roles import OWNER

DOMAIN: Final = "sale.localhost"  # no mail ever leaves for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """A login that works until its sale ends."""

    email: str
    password: str


@transaction.atomic(durable=True)
def make_sale_approver(*, now: datetime) -> Approver:
    """Make an owner with a password that only the caller knows, and write it to the ledger."""
    lock_owners()
    name = secrets.token_hex(8)
    approver = Approver(email=f"approver-{name}@{DOMAIN}", password=secrets.token_urlsafe(24))
    user = make_person(email=approver.email, first_name="Sandbox", last_name="approver", role=OWNER)
    user.set_password(approver.password)
    user.save(update_fields=["password"])
    audit(
        actor_id=None,
        event="person.sale_approver_made",
        subject=subject(user),
        facts={"role": OWNER},
        now=now,
    )
    return approver


@transaction.atomic(durable=True)
def end_sale_approver(*, email: str, now: datetime) -> None:
    """Deactivate such a login and end its sessions. Repeating changes nothing.

    Raises NobodyThere for anybody who was not made for a sale.
    """
    lock_owners()
    user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None or not user.email.endswith(f"@{DOMAIN}"):
        raise NobodyThere("nobody with this address was made for a sale")
    if not user.is_active:
        return
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["is_active", "password"])
    audit(
        actor_id=None,
        event="person.deactivated",
        subject=subject(user),
        facts={"sessions_ended": end_sessions(user)},
        now=now,
    )

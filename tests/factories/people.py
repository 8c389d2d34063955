"""People of the team, as tests need them."""

from __future__ import annotations

import itertools
import time

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, User
from django.test import Client

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


def make_person(role: str = "", *, email: str = "", password: str = PASSWORD) -> User:
    """Make an active member with ``role`` (or none) who can log in with ``password``."""
    number = next(_numbers)
    address = email or f"{role or 'nobody'}{number}@example.com"
    user = User.objects.create_user(
        username=f"usr_{number:026d}", email=address, password=password, is_staff=True
    )
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def client_of(user: User, *, is_fresh: bool = False) -> Client:
    """Return a browser in which ``user`` is logged in; ``is_fresh``: and has just confirmed it."""
    client = Client()
    client.force_login(user)
    if is_fresh:
        session = client.session
        session["account_authentication_methods"] = [
            {"method": "password", "at": time.time(), "reauthenticated": True}
        ]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client


def log_in(client: Client, user: User, password: str = PASSWORD) -> None:
    """Log in through the login page itself."""
    answer = client.post("/accounts/login/", {"login": user.email, "password": password})
    assert answer.status_code == 302, answer.content.decode()

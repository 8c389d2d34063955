"""Links by which somebody chooses a password: only the newest of a person is good, and once."""

from __future__ import annotations

from copy import copy
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import connection

from trinity.logins.models import PasswordLinkSerial

ISSUED: Final = "_serial_of_the_link_being_made"
_ISSUE: Final = """
INSERT INTO logins_passwordlinkserial AS known (user_number, serial) VALUES (%s, 1)
ON CONFLICT (user_number) DO UPDATE SET serial = known.serial + 1 RETURNING serial
"""


class PasswordLinks(PasswordResetTokenGenerator):
    """Makes and checks what stands in the link.

    A newer link, a chosen password, a login and another address end it, and three days do
    (``PASSWORD_RESET_TIMEOUT``).
    """

    key_salt = "trinity.logins.links"

    def make_token(self, user: User) -> str:
        """Return what makes the link good; every older one of this person ends."""
        with connection.cursor() as cursor:
            cursor.execute(_ISSUE, [user.pk])
            [(serial,)] = cursor.fetchall()
        issued = copy(user)
        setattr(issued, ISSUED, serial)  # not what stands by now: two at once are two links
        return super().make_token(issued)

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int) -> str:
        serial = getattr(user, ISSUED, None)
        if serial is None:
            known = PasswordLinkSerial.objects.filter(pk=user.pk)
            serial = known.values_list("serial", flat=True).first() or 0
        email = getattr(user, user.get_email_field_name())
        return f"{user.pk}|{user.password}|{user.last_login}|{timestamp}|{email}|{serial}"

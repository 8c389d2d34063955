"""The link by which a person chooses a password: once, for three days."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import url_str_to_user_pk, user_pk_to_url_str
from django.contrib.auth.models import User


def password_link(user: User) -> str:
    """Return a fresh link. Choosing a password, or a login, makes every older one useless."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    address: str = get_adapter().get_reset_password_from_key_url(key)
    return address


def whose_link(uidb36: str, token: str, *, is_locked: bool = False) -> User | None:
    """Return whose link consists of these; None where it works no more, or the account is closed.

    ``is_locked``: the row stays locked for the caller's transaction.
    """
    try:
        people = User.objects.filter(pk=url_str_to_user_pk(uidb36), is_active=True)
    except ValueError:
        return None
    user = (people.select_for_update() if is_locked else people).first()
    return user if default_token_generator.check_token(user, token) else None

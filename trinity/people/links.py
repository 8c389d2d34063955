"""The link by which a person chooses a password: once, for three days."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import url_str_to_user_pk, user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from kernel.modes import MODE_WORDS
from kernel.texts import one_line
from trinity.logins.links import NOBODY
from trinity.roles import ROLE_WORDS


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


def answer_reset(typed: str) -> None:
    """Send a link to whoever logs in at the address ``typed``.

    Where nobody does, the same is done for nobody and dropped, so that the answer takes as long.
    """
    address = typed.strip().lower()
    user = User.objects.filter(emailaddress__email=address, is_active=True).first()
    reader = user or User(pk=NOBODY, email=address)
    get_adapter().send_mail(
        "account/email/password_reset_key",
        reader.email,
        {"user": reader, "password_reset_url": password_link(reader), "is_dropped": user is None},
    )


def send_invitation(*, user: User, role: str, invited_by: str) -> None:
    """Send the link to the invited person. Raises what the mail backend raises."""
    mode = settings.DEPLOYMENT_MODE
    subject = one_line(f"{settings.SELLER_NAME} invites you to Trinity")
    words = {
        "subject": subject,
        "mode": mode,
        "mode_words": MODE_WORDS[mode],
        "user": user,
        "role": role,
        "role_words": ROLE_WORDS[role],
        "first_name": one_line(user.first_name),
        "invited_by": one_line(invited_by),
        "link": password_link(user),
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
        "seller_name": settings.SELLER_NAME,
        "seller_address": settings.SELLER_ADDRESS,
        "seller_contact": settings.SELLER_CONTACT,
        "base_url": settings.BASE_URL,
    }
    message = EmailMultiAlternatives(
        subject=get_adapter().format_email_subject(subject),
        body=render_to_string("people/invitation.txt", words),
        to=[user.email],
    )
    message.attach_alternative(render_to_string("people/invitation.html", words), "text/html")
    message.send()

"""The mails about accounts: when they are queued, and what each says when it leaves.

A link to choose a password is made in the moment in which its mail leaves, and stored nowhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.urls import reverse

from kernel.modes import MODE_WORDS, Mode
from kernel.texts import one_line
from notices.enums import Lane
from notices.operations import queue_mail
from notices.outbox.kinds import Leaving, MailKind
from notices.outbox.letters import message_id, write_letter
from notices.ports import Letter
from trinity.people.links import password_link
from trinity.people.queries import AccountState, person
from trinity.roles import OWNER, ROLE_WORDS

INVITATION: Final = "account.invitation"
RESET: Final = "account.password_link"
WRONG_ANSWERS: Final = "decisions.locked"
WRONG_ANSWERS_TEMPLATE: Final = "people/mail/wrong_answers"
RESET_TEMPLATE: Final = "account/email/password_reset_key"
# What allauth tells people about their accounts: its template, and what such a mail is called.
NOTICES: Final = {
    "account/email/new_browser": "a login in a new browser",
    "account/email/password_changed": "a changed password",
    "account/email/password_reset": "a password chosen by a link",
    "account/email/password_set": "a first password",
    "mfa/email/recovery_codes_generated": "new recovery codes",
    "mfa/email/totp_activated": "an app turned on",
    "mfa/email/totp_deactivated": "an app turned off",
    "mfa/email/webauthn_added": "a key added",
    "mfa/email/webauthn_removed": "a key removed",
}


def queue_invitation(*, user: User, nth: int, by_id: int, now: datetime) -> None:
    """Queue the ``nth`` invitation of ``user``, in the caller's transaction."""
    queue_mail(
        kind=INVITATION,
        key=f"{INVITATION}:user:{user.pk}:{nth}",
        user_id=user.pk,
        facts={"invited_by": by_id},
        now=now,
    )


def queue_reset(*, typed: str, now: datetime) -> None:
    """Queue a link for whoever logs in at the address ``typed``; who that is, is asked later.

    One row, and the same for an address that nobody has: no answer tells the two apart.
    """
    queue_mail(kind=RESET, to_address=typed.strip().lower(), now=now)


def queue_wrong_answers(*, owner_id: int, user_id: int, now: datetime) -> None:
    """Queue word to an owner that ``user_id`` answered wrongly at a decision."""
    queue_mail(
        kind=WRONG_ANSWERS,
        key=f"{WRONG_ANSWERS}:user:{user_id}:{now.isoformat()}:to:{owner_id}",
        user_id=owner_id,
        facts={"whose": user_id, "at": now.isoformat()},
        now=now,
    )


def queue_notice(template: str, *, user_id: int, visitor: str, browser: str, now: datetime) -> None:
    """Queue word of something that was done to an account, and where from.

    Raises KeyError for a template that is not one of ``NOTICES``.
    """
    kind = _notice_id(template)
    queue_mail(
        kind=kind,
        key=f"{kind}:user:{user_id}:{now.isoformat()}",
        user_id=user_id,
        facts={"at": now.isoformat(), "ip": visitor, "browser": browser},
        now=now,
    )


def _notice_id(template: str) -> str:
    return f"account.{template.rpartition('/')[2]}"


def _person_at(address: str) -> int | None:
    """Return who logs in at ``address`` and may."""
    active = User.objects.filter(emailaddress__email=address, is_active=True)
    return active.values_list("pk", flat=True).first()


def _invitation(leaving: Leaving) -> Letter | None:
    """Return the invitation, unless the account is closed or has its password by now."""
    invited = person(leaving.user_id)
    if invited is None or invited.state != AccountState.INVITED or not invited.role:
        return None
    user, inviter = (
        User.objects.get(pk=pk) for pk in (leaving.user_id, leaving.facts["invited_by"])
    )
    subject = one_line(f"{settings.SELLER_NAME} invites you to Trinity")
    words = {
        **_house(),
        "subject": subject,
        "user": user,
        "role": invited.role,
        "role_words": ROLE_WORDS[invited.role],
        "first_name": one_line(user.first_name),
        "invited_by": one_line(inviter.get_full_name()) or inviter.email,
        "link": password_link(user),
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
    }
    return Letter(
        to=(user.email,),
        subject=get_adapter().format_email_subject(subject),
        text=render_to_string("people/invitation.txt", words),
        html=render_to_string("people/invitation.html", words),
        message_id=message_id(leaving.reference),
    )


def _reset(leaving: Leaving) -> Letter | None:
    """Return a link to choose a password, unless the account was closed."""
    user = User.objects.filter(pk=leaving.user_id, is_active=True).first()
    if user is None:
        return None
    return _letter(RESET_TEMPLATE, user, leaving, password_reset_url=password_link(user))


def _wrong_answers(leaving: Leaving) -> Letter | None:
    """Return who answered wrongly, for who is an owner still."""
    owner = person(leaving.user_id)
    whose = User.objects.get(pk=leaving.facts["whose"])
    if owner is None or owner.role != OWNER or not owner.is_active:
        return None
    return write_letter(
        template=WRONG_ANSWERS_TEMPLATE,
        facts={
            "who": whose.get_full_name() or whose.email,
            "at": datetime.fromisoformat(leaving.facts["at"]),
            "page": reverse("person", args=[whose.pk]),
        },
        mode=Mode(settings.DEPLOYMENT_MODE),
        to=(owner.email,),
        reference=leaving.reference,
    )


def _notice(template: str, leaving: Leaving) -> Letter:
    """Return what allauth's ``template`` says was done to an account."""
    told = leaving.facts
    return _letter(
        template,
        User.objects.get(pk=leaving.user_id),
        leaving,
        timestamp=datetime.fromisoformat(told["at"]),
        ip=told["ip"],
        user_agent=told["browser"],
    )


def _letter(template: str, user: User, leaving: Leaving, **words: object) -> Letter:
    said = get_adapter().render_mail(
        template, user.email, {**_house(), "user": user, "email": user.email, **words}
    )
    return Letter(
        to=(user.email,),
        subject=said.subject,
        text=said.body,
        html="",
        message_id=message_id(leaving.reference),
    )


def _house() -> dict[str, Any]:
    return {
        "mode": settings.DEPLOYMENT_MODE,
        "mode_words": MODE_WORDS[settings.DEPLOYMENT_MODE],
        "seller_name": settings.SELLER_NAME,
        "seller_address": settings.SELLER_ADDRESS,
        "seller_contact": settings.SELLER_CONTACT,
        "base_url": settings.BASE_URL,
    }


KINDS: Final = (
    MailKind(
        id=INVITATION,
        words="an invitation",
        lane=Lane.ACCESS,
        facts=frozenset({"invited_by"}),
        worth_sending=timedelta(days=3),
        write=_invitation,
    ),
    MailKind(
        id=WRONG_ANSWERS,
        words="wrong answers at a decision",
        lane=Lane.ACCOUNT,
        facts=frozenset({"whose", "at"}),
        worth_sending=timedelta(days=3),
        write=_wrong_answers,
    ),
    MailKind(
        id=RESET,
        words="a link to choose a password",
        lane=Lane.ACCESS,
        # Who still wants it asks again; long after, it would only frighten.
        worth_sending=timedelta(hours=2),
        write=_reset,
        reader=_person_at,
    ),
    *(
        MailKind(
            id=_notice_id(template),
            words=words,
            lane=Lane.ACCOUNT,
            facts=frozenset({"at", "ip", "browser"}),
            worth_sending=timedelta(days=3),
            write=partial(_notice, template),
        )
        for template, words in NOTICES.items()
    ),
)

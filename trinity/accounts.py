"""How people log in: allauth, with sign-up closed."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterable
from typing import Any, Final, NoReturn
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from kernel.hourly_counters import door_of
from kernel.limits import visitor_key
from kernel.modes import Mode
from kernel.texts import one_line
from ledger.facts import FactValue
from trinity.logins import browsers, limits
from trinity.logins.enums import LOGGED_IN, SESSIONS_ENDED, Proof, Refusal
from trinity.logins.operations import count_refusal, note
from trinity.people.mails import queue_notice
from trinity.people.queries import is_owner, person_at
from trinity.step_up.freshness import is_fresh

logger = logging.getLogger(__name__)
BEGAN_WITH: Final = "trinity_login_began_with"  # in the session, as Django keeps it after a login
IS_FIRST_LOGIN: Final = "_is_first_login"
WRONG_CODE = "This code is not right, or it was used already."


def person_name(user: User) -> str:
    """Return what to call ``user`` on a page: the name, else the e-mail address."""
    return one_line(user.get_full_name()) or user.email


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth for a closed shop: owners invite, addresses come from settings."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": "This account is closed. An owner can open it again.",
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "enter_current_password": "This is not your present password.",
        "incorrect_code": WRONG_CODE,
        "incorrect_password": "This is not your password.",
        "too_many_login_attempts": "Too many tries. Please wait a few minutes.",
    }

    def is_safe_url(self, url: str) -> bool:
        """Say whether ``url`` leads to a page of ours; one that cannot be read leads nowhere."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:  # "http://[": urlsplit reads no address in it
            return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count this try before the password is looked at (``trinity.logins.limits``).

        Raises ValidationError where there were too many.
        """
        address = str(credentials.get("email", ""))
        self._attempt = limits.attempt(
            address=address,
            visitor=visitor_key(request),
            browser=browsers.browser_id(request, person_at(address)),
        )
        if not self._attempt.is_allowed:
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Return whose password this is; a right one does not count as a try."""
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            self._attempt.give_back()
        return user

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **who: Any) -> None:
        """Count anew after a password was chosen by mail. Theirs has no public name."""
        limits.forget(address=str(who.get("email", "")), visitor=visitor_key(request))

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, **login: Any
    ) -> HttpResponse | None:
        """Keep with which password a login began that may still ask for a second factor."""
        refusal: HttpResponse | None = super().pre_login(request, user, **login)
        if refusal is None:
            request.session[BEGAN_WITH] = user.get_session_auth_hash()
        return refusal

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Log in, and keep for ``post_login`` whether this person ever did before.

        Raises ImmediateHttpResponse, back to the beginning, where the password was changed or the
        account closed since the login began.
        """
        began_with = request.session.pop(BEGAN_WITH, "")
        if not user.is_active or began_with != user.get_session_auth_hash():
            clear_login(request)
            raise ImmediateHttpResponse(redirect("account_login"))
        setattr(user, IS_FIRST_LOGIN, user.last_login is None)
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **login: Any) -> HttpResponseBase:
        """Write the login down, tell an owner of a new browser, and know it from now on.

        Where somebody logs in for the first time there is no other browser; the mail that a
        password was chosen has told them already.
        """
        response: HttpResponseBase = super().post_login(request, user, **login)
        browser = browsers.known_browser(request)
        is_new = browser is None or not browser.knows(user)
        facts: dict[str, FactValue] = {**_proofs(request, user), "is_new_browser": is_new}
        note(LOGGED_IN, user_id=user.pk, facts=facts, now=timezone.now())
        if is_new and not getattr(user, IS_FIRST_LOGIN) and is_owner(user.pk):
            self.send_notification_mail("account/email/new_browser", user)
        browsers.remember(request, response, user=user)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002  # theirs
        """Count a wrong password, about the person where it is one: the same work for all."""
        user = person_at(str(credentials.get("email", "")))
        whose = f"user:{user.pk}" if user is not None else door_of("login")
        count_refusal(Refusal.WRONG_PASSWORD, whose=whose, now=timezone.now())

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Count who still knows the password of a closed account."""
        count_refusal(Refusal.CLOSED_ACCOUNT, whose=f"user:{user.pk}", now=timezone.now())
        response: HttpResponse = super().respond_user_inactive(request, user)
        return response

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Write the password and no other column: the account may have been closed meanwhile."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Return False: owners invite."""
        return False

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002  # theirs
        """Raise ReauthenticationRequired unless the login is fresh; there is no third answer.

        Were this to return True, allauth would ask itself next, and be content with the password
        of a person who has a second factor, and with nothing at all from one without a password.
        """
        if not is_fresh(allauth_context.request):
            raise ReauthenticationRequired
        return False

    def format_email_subject(self, subject: str) -> str:
        """Return ``subject`` with the mode; the sender's name already says who writes."""
        mode = settings.DEPLOYMENT_MODE
        return subject if mode == Mode.LIVE else f"[{mode}: no real money] {subject}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the address where a password is chosen, on our own origin.

        Never on the one that the request named: a forged Host header must not reach an e-mail.
        """
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.BASE_URL}{path.replace('UID-KEY', quote(key))}"

    def send_notification_mail(
        self, template_prefix: str, user: AbstractBaseUser, *_theirs: Any, **_more: Any
    ) -> None:
        """Queue word to ``user`` of what was done to the account, and from where."""
        request = allauth_context.request
        queue_notice(
            template_prefix,
            user_id=user.pk,
            visitor=self.get_client_ip(request),
            browser=one_line(self.get_http_user_agent(request))[:HTTP_USER_AGENT_MAX_LENGTH],
            now=timezone.now(),
        )

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> NoReturn:  # theirs
        """Refuse: whatever is mailed is queued as a kind of ours (``trinity.people.mails``)."""
        raise NotImplementedError(f"{template_prefix} is no mail of ours")


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]  # allauth has no types
    """A person's sessions: ended is written down."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        """End them, and know no browser of this person any more."""
        ended = list(sessions)
        super().end_sessions(ended)
        if ended:
            browsers.forget_all(ended[0].user)
            facts = {"sessions_ended": len(ended)}
            note(SESSIONS_ENDED, user_id=ended[0].user_id, facts=facts, now=timezone.now())


def _proofs(request: HttpRequest, user: AbstractBaseUser) -> dict[str, str]:
    """Return how this login was proved: by what first, and by which second factor."""
    steps = [
        Proof(step.get("type") or step["method"]).value
        for step in get_authentication_records(request, user)
    ]
    return dict(zip(("proof", "factor"), steps, strict=False))


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Second factors: passkeys bound to our host, secrets encrypted at rest."""

    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": WRONG_CODE}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return who asks for a passkey; browsers bind keys to this host name."""
        return {"id": settings.WEBAUTHN_RP_ID, "name": settings.SITE_NAME}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        """Return whose passkey it is, in the words of the person's device."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        if isinstance(user, User):
            entity |= {"display_name": person_name(user), "name": user.email}
        return entity

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:
        """Return what a new passkey is called until its owner says otherwise."""
        held = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return "My passkey" if held == 0 else f"My passkey {held + 1}"

    def encrypt(self, text: str) -> str:
        """Return ``text`` (a TOTP or recovery seed) encrypted under SECRET_KEY."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Undo ``encrypt``, also for a key in SECRET_KEY_FALLBACKS.

        Raises cryptography's InvalidToken when no key fits.
        """
        return _box().decrypt(encrypted_text.encode()).decode()


def secret_to_set_up(request: HttpRequest, *, is_new: bool) -> str:
    """Return the secret of the app that this person is setting up, a new one if ``is_new``.

    Until the first code comes it waits in the session, encrypted like one that is in use.
    """
    kept = "" if is_new else request.session.get(SECRET_SESSION_KEY, "")
    box = SecondFactorAdapter()
    if kept:
        try:
            return box.decrypt(kept)
        except InvalidToken:
            logger.warning("a secret that was being set up cannot be decrypted; made a new one")
    secret: str = generate_totp_secret()
    request.session[SECRET_SESSION_KEY] = box.encrypt(secret)
    return secret


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


def _fernet_key(secret: str) -> bytes:
    digest = hashlib.sha256(b"trinity second factors:" + secret.encode()).digest()
    return base64.urlsafe_b64encode(digest)

"""The proof that is given with one decision: in its own form, and for it alone."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import get_credentials, get_server
from django.contrib.auth.models import User
from django.http import HttpRequest
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticationResponse, UserVerificationRequirement

from approvals.enums import Factor
from approvals.policy import LOCKED_FOR, WRONG_TRIES_MAX
from approvals.ports import NotProved, Proof, Proofs, Ways
from approvals.signatures import evidence_of, is_signed
from kernel.limits import count_use, give_back
from kernel.liveness import database_now
from trinity.passkeys import UNREADABLE, CredentialField
from trinity.people.usecases.accept_code import accept_code
from trinity.people.usecases.lend_session import is_lent
from trinity.people.usecases.tell_of_wrong_answers import tell_of_wrong_answers
from trinity.step_up.freshness import has_second_factor

logger = logging.getLogger(__name__)
TRIES: Final = "decision:proof"
PASSKEY_FIELD: Final = "proof-credential"
CODE_FIELD: Final = "proof-code"
PASSWORD_FIELD: Final = "proof-password"  # noqa: S105  # a name

LENT: Final = "A lent session decides nothing. Log in yourself."
NO_FACTOR: Final = (
    "Real money needs a second factor. Set one up under Account, then come back to this page."
)
LOCKED: Final = "Five answers were wrong. You can decide again in 15 minutes; the owners know."
WRONG: Final = {
    Factor.PASSKEY: "This key did not confirm it. Try again.",
    Factor.CODE: "This code is wrong or was used already. Wait for the next one.",
    Factor.PASSWORD: "This is not your password.",
}
NO_RECOVERY: Final = (
    "A recovery code confirms no real money. Take a code from your app, or your passkey."
)
OF_TYPE: Final = {
    Authenticator.Type.TOTP: Factor.CODE,
    Authenticator.Type.RECOVERY_CODES: Factor.RECOVERY_CODE,
}
APP_CODE: Final = re.compile(r"\d{6}", re.ASCII)
NOTHING: Final = "Confirm that it's you, then approve."


class DecisionProofs:
    """Takes a passkey's signature, a code, or, of whoever has neither, the password."""

    def ways(self, request: HttpRequest, *, challenge: bytes, needs_second_factor: bool) -> Ways:
        """Return what this person may give. Nobody with a second factor is asked for less."""
        me = _me(request)
        if is_lent(request.session):
            return Ways(hindrance=LENT)
        if not has_second_factor(me):
            return Ways(hindrance=NO_FACTOR) if needs_second_factor else Ways(takes_password=True)
        held = set(Authenticator.objects.filter(user_id=me.pk).values_list("type", flat=True))
        has_key = Authenticator.Type.WEBAUTHN in held
        return Ways(
            passkey_options=_options(me, challenge) if has_key else None,
            takes_code=Authenticator.Type.TOTP in held,
        )

    def prove(self, request: HttpRequest, *, challenge: bytes, needs_second_factor: bool) -> Proof:
        """Take what the form gives. A wrong one counts; the right one is taken once."""
        ways = self.ways(request, challenge=challenge, needs_second_factor=needs_second_factor)
        if ways.hindrance:
            raise NotProved(ways.hindrance)
        factor, answer = _given(request, ways)
        if factor == Factor.CODE and needs_second_factor and not APP_CODE.fullmatch(answer):
            raise NotProved(NO_RECOVERY)
        me = _me(request)
        tries = _count_try(me)
        if tries > WRONG_TRIES_MAX:
            raise NotProved(LOCKED)
        proof = _proof(me, factor, answer, challenge=challenge)
        if proof is None:
            if tries == WRONG_TRIES_MAX:
                tell_of_wrong_answers(user_id=me.pk, now=database_now())
            raise NotProved(WRONG[factor])
        give_back(what=TRIES, who=_whose(me))
        return proof


def _count_try(me: User) -> int:
    """Count one answer; say the how manieth it is, the right ones given back."""
    return count_use(
        what=TRIES,
        who=_whose(me),
        limit=WRONG_TRIES_MAX,
        per_s=int(LOCKED_FOR.total_seconds()),
    )


def _whose(me: User) -> str:
    return f"user:{me.pk}"


_IS_A_PORT: type[Proofs] = DecisionProofs


def _given(request: HttpRequest, ways: Ways) -> tuple[Factor, str]:
    """Return which way the form goes, and its answer. Raises NotProved where it gives nothing."""
    fields = (
        (Factor.PASSKEY, PASSKEY_FIELD, ways.passkey_options is not None),
        (Factor.CODE, CODE_FIELD, ways.takes_code),
        (Factor.PASSWORD, PASSWORD_FIELD, ways.takes_password),
    )
    for factor, field, is_open in fields:
        if is_open and (answer := request.POST.get(field, "").strip()):
            return factor, answer
    raise NotProved(NOTHING)


def _proof(me: User, factor: Factor, answer: str, *, challenge: bytes) -> Proof | None:
    if factor == Factor.PASSKEY:
        evidence = _evidence(me, answer, challenge=challenge)
        return Proof(factor=factor, evidence=evidence) if evidence else None
    if factor == Factor.CODE:
        taken = accept_code(user_id=me.pk, code=answer)
        return None if taken is None else Proof(factor=OF_TYPE[taken.type])
    is_right = get_account_adapter().reauthenticate(me, answer)
    return Proof(factor=factor) if is_right else None


def _options(me: User, challenge: bytes) -> Mapping[str, Any]:
    options, _state = get_server().authenticate_begin(
        credentials=get_credentials(me),
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=challenge,
    )
    return dict(options)


def _evidence(me: User, answer: str, *, challenge: bytes) -> dict[str, str] | None:
    """Return what is kept of the key's answer, or None where it answers something else."""
    server = get_server()
    state = {
        "challenge": websafe_encode(challenge),
        "user_verification": UserVerificationRequirement.REQUIRED,
    }
    try:
        said = AuthenticationResponse.from_dict(CredentialField().to_python(answer))
        key = server.authenticate_complete(state, get_credentials(me), said)
        kept = evidence_of(
            credential_id=key.credential_id,
            public_key=key.public_key,
            client_data=said.response.client_data,
            authenticator_data=said.response.authenticator_data,
            signature=said.response.signature,
            rp_id=server.rp.id or "",
        )
    except UNREADABLE as error:
        logger.info("a key confirmed no decision", extra={"error": type(error).__name__})
        return None
    return kept if is_signed(kept, challenge=challenge) else None


def _me(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("reached without a login")
    return request.user

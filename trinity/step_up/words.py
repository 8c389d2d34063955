"""What a person is about to do, in words: when they are asked who they are, and before they send.

Every view that asks for a fresh login has its line in ``ACTIONS``; a test holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User

from revenue.queries.offers import version_in_words
from trinity.people.queries import must_set_up_second_factor, person
from trinity.step_up.waiting import TOKEN, PendingRequest

UNKNOWN: Final = "go on"
# By the name of the address: what its button does, and the same with whom or what it concerns.
ACTIONS: Final[dict[str, tuple[str, str]]] = {
    "order-refund": ("go on with the refund", "go on with the refund of order {}"),
    "order-paid-elsewhere": ("go on with the record", "go on with the record for order {}"),
    "order-excess": ("go on with the record", "go on with the record for order {}"),
    "offer-publish": ("publish the offer", "publish {}"),
    "offer-retire": ("take the offer off sale", "take {} off sale"),
    "person-invite": ("invite somebody", ""),
    "person-invite-again": ("send the invitation again", "send the invitation to {} again"),
    "person-mail-resend": ("send the e-mail again", "send the e-mail to {} again"),
    "person-role": ("change the role", "change the role of {}"),
    "person-deactivate": ("close the account", "close the account of {}"),
    "person-log-out": ("log out everywhere", "log out {} everywhere"),
    "person-reactivate": ("open the account again", "open the account of {} again"),
    "safety-posture": ("change the posture", ""),
    "safety-settings": ("change the safety settings", ""),
    "safety-cap": ("set the cap", ""),
    "stop-release": ("release the stop", ""),
    "incident-open": ("open an incident", ""),
    "incident-close": ("close the incident", ""),
    "provider-attest": ("attest the provider", ""),
    "provider-withdraw": ("withdraw the attestation", ""),
    "run-token-make": ("make a run token", ""),
    "payee-confirm": ("confirm the payee", ""),
    "account_change_password": ("change your password", ""),
    "account_set_password": ("choose a password", ""),
    "mfa_activate_totp": ("set up an app", ""),
    "mfa_deactivate_totp": ("turn off the app", ""),
    "mfa_add_webauthn": ("add a passkey", ""),
    "mfa_edit_webauthn": ("rename the passkey", "rename the passkey “{}”"),
    "mfa_remove_webauthn": ("remove the passkey", "remove the passkey “{}”"),
    "mfa_generate_recovery_codes": ("make new recovery codes", ""),
    "mfa_view_recovery_codes": ("see the recovery codes", ""),
    "mfa_download_recovery_codes": ("download the recovery codes", ""),
    "usersessions_list": ("log out all other sessions", ""),
}
# What a form calls its fields, by their names. One without words is shown under its name.
LABELS: Final = {
    "email": "E-mail",
    "first_name": "First name",
    "last_name": "Last name",
    "role": "Role",
    "amount": "Amount",
    "reason": "Reason",
    "name": "Name",
    "paid_by": "Paid by",
    "settled_by": "What became of it",
    "posture": "Posture",
    "family": "For",
    "mode": "Environment",
    "time_window": "Within",
    "currency": "Currency",
    "limit": "Limit",
    "hours": "Hours",
    "outreach_open": "Outreach on",
    "spend_open": "Spend on",
    "funding_share_percent": "Funding share (%)",
    "two_people_amount": "Two people decide from",
    "two_people_currency": "Currency of that amount",
    "decide_outbound_h": "Hours to decide: outbound",
    "decide_spend_h": "Hours to decide: spend",
    "decide_provisioning_h": "Hours to decide: provisioning",
    "cap_raiser_waits": "Whoever raised a cap waits 24 hours",
}
# Not typed by anybody, and no news to whoever pressed the button: what the page said, and which
# press of its button this is.
BY_MACHINE: Final = frozenset(
    {"scope", "ref", "seen", "request_ref", "record_ref", "confirmed", "again", TOKEN}
)


@dataclass(frozen=True, slots=True)
class ActionWords:
    """What is about to be done: ``verb`` for a button, ``sentence`` with whom it concerns."""

    verb: str
    sentence: str


def action_words(waiting: PendingRequest, user: User) -> ActionWords:
    """Return what ``user`` is about to do at the address that waits.

    Whom it concerns is said to those who may open that page; nobody else learns that there is one.
    """
    name = waiting.match.url_name if waiting.match else None
    verb, about = ACTIONS.get(name or "", (UNKNOWN, ""))
    permission = getattr(waiting.view, "required_permission", None)
    is_closed = must_set_up_second_factor(user) or (permission and not user.has_perm(permission))
    if not about or is_closed:
        return ActionWords(verb, verb)
    subject = _subject(waiting, user)
    return ActionWords(verb, about.format(subject) if subject else verb)


def _subject(waiting: PendingRequest, user: User) -> str:
    named = waiting.match.kwargs if waiting.match else {}
    if "user_id" in named:
        found = person(named["user_id"])
        return found.name if found else ""
    if "pk" in named:
        keys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
        key = keys.filter(pk=named["pk"]).first()
        return str(key) if key else ""
    reference: str = named.get("reference", "")
    return version_in_words(reference) or reference


def lines(waiting: PendingRequest) -> list[tuple[str, str]]:
    """Return what a person typed or chose into the form that waits, with its labels."""
    return [
        (LABELS.get(name, name), value) for name, value in waiting.fields if name not in BY_MACHINE
    ]

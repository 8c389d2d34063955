"""The people page. Reading needs the owner's permission; every change a fresh login as well."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kernel.permissions import fresh_login, needs
from notices.queries import are_mails_files, mails_to, unsent_to
from notices.usecases.resend_team_mail import NoSuchMail, NotToBeSent, resend_team_mail
from trinity.people import queries
from trinity.people.forms import InvitationForm, RoleForm
from trinity.people.operations import EmailTaken, LastOwner, NotYourself
from trinity.people.usecases.change_role import change_role
from trinity.people.usecases.deactivate_person import deactivate_person
from trinity.people.usecases.end_person_sessions import end_person_sessions
from trinity.people.usecases.invite_again import NotInvited
from trinity.people.usecases.invite_again import invite_again as invite_again_to
from trinity.people.usecases.invite_person import invite_person
from trinity.people.usecases.reactivate_person import reactivate_person
from trinity.roles import ROLE_WORDS

NEEDED = "auth.change_user"
REFUSALS: dict[type[Exception], str] = {
    NotYourself: "Nothing was changed. You cannot change your own role or close your own account; "
    "another owner can.",
    LastOwner: "Nothing was changed. There must be one owner left who can log in; "
    "make somebody else an owner first.",
}


@require_GET
@never_cache
@needs(NEEDED)
def people(request: HttpRequest) -> HttpResponse:
    """List the team."""
    page = {
        "people": queries.people(),
        "unsent_to": unsent_to(),
        "roles": ROLE_WORDS,
        "nav": "people",
    }
    return render(request, "people/list.html", page)


@require_http_methods(["GET", "POST"])
@never_cache
@needs(NEEDED)
@fresh_login
def invite(request: HttpRequest) -> HttpResponse:
    """Show the form, or invite."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = invite_person(**form.cleaned_data, by_id=_me(request).pk, now=timezone.now())
        except EmailTaken:
            form.add_error("email", "Somebody on the team has this address already.")
        else:
            _say_that_it_is_queued(request, user.email)
            return redirect("person", user_id=user.pk)
    return render(request, "people/invite.html", {"form": form, "nav": "people"})


@require_GET
@never_cache
@needs(NEEDED)
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show one member and what an owner can do about them."""
    found = _found(user_id)
    form = RoleForm(initial={"role": found.role})
    page = {
        "person": found,
        "form": form,
        "mails": mails_to(user_id),
        "nav": "people",
        "is_me": found.id == _me(request).pk,
    }
    return render(request, "people/person.html", page)


@require_POST
@needs(NEEDED)
@fresh_login
def role(request: HttpRequest, user_id: int) -> HttpResponse:
    """Change the role."""
    found = _found(user_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was changed. Choose one of the roles.")
        return redirect("person", user_id=user_id)
    chosen = form.cleaned_data["role"]
    try:
        is_change = change_role(
            user_id=user_id, role=chosen, by_id=_me(request).pk, now=timezone.now()
        )
    except (NotYourself, LastOwner) as refusal:
        messages.error(request, REFUSALS[type(refusal)])
    else:
        words = "is now" if is_change else "was already"
        messages.success(request, f"{found.name} {words} {chosen}.")
    return redirect("person", user_id=user_id)


@require_POST
@needs(NEEDED)
@fresh_login
def deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    """Close the account."""
    found = _found(user_id)
    try:
        ended = deactivate_person(user_id=user_id, by_id=_me(request).pk, now=timezone.now())
    except (NotYourself, LastOwner) as refusal:
        messages.error(request, REFUSALS[type(refusal)])
    else:
        sessions = "1 session" if ended == 1 else f"{ended or 'no'} sessions"
        messages.success(request, f"The account of {found.name} is closed; {sessions} ended.")
    return redirect("person", user_id=user_id)


@require_POST
@needs(NEEDED)
@fresh_login
def reactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    """Open the account again."""
    found = _found(user_id)
    reactivate_person(user_id=user_id, by_id=_me(request).pk, now=timezone.now())
    messages.success(request, f"{found.name} can log in again.")
    return redirect("person", user_id=user_id)


@require_POST
@needs(NEEDED)
@fresh_login
def log_out(request: HttpRequest, user_id: int) -> HttpResponse:
    """End all sessions of somebody else."""
    found = _found(user_id)
    try:
        ended = end_person_sessions(user_id=user_id, by_id=_me(request).pk, now=timezone.now())
    except NotYourself:
        messages.error(request, "Nothing was changed. Your own sessions are on your account page.")
    else:
        sessions = "1 session" if ended == 1 else f"{ended or 'no'} sessions"
        messages.success(request, f"{found.name} is logged out everywhere; {sessions} ended.")
    return redirect("person", user_id=user_id)


@require_POST
@needs(NEEDED)
@fresh_login
def invite_again(request: HttpRequest, user_id: int) -> HttpResponse:
    """Send another link to somebody who has not chosen a password yet."""
    found = _found(user_id)
    try:
        invite_again_to(user_id=user_id, by_id=_me(request).pk, now=timezone.now())
    except NotInvited:
        messages.error(request, "Nothing was sent: this account needs no invitation.")
    else:
        _say_that_it_is_queued(request, found.email)
    return redirect("person", user_id=user_id)


@require_POST
@needs(NEEDED)
@fresh_login
def resend_mail(request: HttpRequest, user_id: int, reference: str) -> HttpResponse:
    """Send a mail again that failed, or of which nobody knows whether it left."""
    _found(user_id)
    try:
        resend_team_mail(
            mail_ref=reference, user_id=user_id, actor_id=_me(request).pk, now=timezone.now()
        )
    except NoSuchMail as unknown:
        raise Http404 from unknown
    except NotToBeSent as refusal:
        messages.warning(request, f"Nothing was done: this mail is not to be sent ({refusal}).")
    else:
        messages.success(request, "Queued again. It leaves within seconds.")
    return redirect("person", user_id=user_id)


def _say_that_it_is_queued(request: HttpRequest, address: str) -> None:
    messages.success(
        request,
        f"The invitation for {address} is a file in TRINITY_HOME/mail: no mail leaves from "
        "here. Its link opens the account."
        if are_mails_files()
        else f"The invitation is on its way to {address}.",
    )


def _me(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _found(user_id: int) -> queries.Person:
    found = queries.person(user_id)
    if found is None:
        raise Http404
    return found

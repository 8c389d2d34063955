"""What the pages of toolrouter share: one form by itself, where it leads back to, who acts."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from toolrouter.enums import Scope
from toolrouter.operations import By


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """One form by itself: what it is about, what its button does, and where Cancel leads."""

    title: str
    button: str
    back: str
    intro: str = ""
    is_grave: bool = False
    nav: str = "safety"

    def show(self, request: HttpRequest, form: forms.Form, *, status: int = 200) -> HttpResponse:
        """Show the form, with what was typed and what is wrong with it."""
        page = {"nav": self.nav, "page": self, "form": form}
        return render(request, "toolrouter/form.html", page, status=status)


def by(request: HttpRequest, form: forms.Form) -> By:
    """Return who acts and why; ``needs`` has made sure that somebody is logged in."""
    return By(actor_id=actor(request), reason=form.cleaned_data["reason"])


def actor(request: HttpRequest) -> int:
    """Return who is logged in."""
    if request.user.pk is None:
        raise PermissionError("nobody is logged in")
    return int(request.user.pk)


def person(request: HttpRequest) -> User:
    """Return who is logged in, as a person with rights."""
    if not isinstance(request.user, User):
        raise PermissionError("nobody is logged in")
    return request.user


def scope_asked(request: HttpRequest) -> tuple[Scope, str]:
    """Return what an address or a form is about. Raises Http404 for a scope that there is not."""
    asked = request.POST if request.method == "POST" else request.GET
    try:
        scope = Scope(asked.get("scope", Scope.ACCOUNT))
    except ValueError as error:
        raise Http404("scope") from error
    return scope, "" if scope == Scope.ACCOUNT else asked.get("ref", "")


def page_of_scope(scope: Scope, ref: str) -> str:
    """Return the address of the page of the account, a project or a run."""
    names = {Scope.PROJECT: "project", Scope.RUN: "run"}
    return reverse(names[scope], args=[ref]) if scope in names else reverse("safety")


def scope_in_words(scope: Scope) -> str:
    """Return what a title calls it."""
    return "the account" if scope == Scope.ACCOUNT else f"the {scope.label.lower()}"

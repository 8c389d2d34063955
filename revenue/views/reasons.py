"""Asking once more for a reason that was missing or too long, with what was typed kept."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def ask_again(
    request: HttpRequest, form: forms.Form, *, nav: str, title: str, button: str, back: str
) -> HttpResponse:
    """Show a form that was not taken, with its errors. ``button`` names the effect."""
    context = {"nav": nav, "form": form, "title": title, "button": button, "back": back}
    return render(request, "revenue/reason_again.html", context, status=400)

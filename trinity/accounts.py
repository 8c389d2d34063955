"""Who may have an account: people whom an owner invited. Nobody signs up."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAccountAdapter(DefaultAccountAdapter):
    """allauth, with the door for strangers closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False: owners invite."""
        return False

"""Accounts in the admin: to look at. People come and go on the people page, where it is audited."""

from __future__ import annotations

# Theirs must have registered before ours take over.
import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401  # imported for what it registers
import django.contrib.auth.admin  # noqa: F401  # imported for what it registers
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, User

from kernel.admin import LookOnlyAdmin


class PersonAdmin(LookOnlyAdmin):
    """The team; the password's hash stays out of sight."""

    list_display = ("email", "first_name", "last_name", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("email", "first_name", "last_name")
    fields = (
        "username", "email", "first_name", "last_name", "groups",
        "is_active", "is_staff", "is_superuser", "date_joined", "last_login",
    )  # fmt: skip


class GroupAdmin(LookOnlyAdmin):
    """The roles and what they may do, as ``trinity.roles`` says it."""

    list_display = ("name",)
    fields = ("name", "permissions")


class EmailAddressAdmin(LookOnlyAdmin):
    """The addresses that people log in with."""

    list_display = ("email", "user", "verified", "primary")
    search_fields = ("email",)


class AuthenticatorAdmin(LookOnlyAdmin):
    """Second factors; their secrets stay out of sight."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    fields = ("user", "type", "created_at", "last_used_at")


class UserSessionAdmin(LookOnlyAdmin):
    """Who is logged in, and from where; the key of the session stays out of sight."""

    list_display = ("user", "created_at", "last_seen_at", "ip")
    fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")


for model, model_admin in (
    (User, PersonAdmin),
    (Group, GroupAdmin),
    (EmailAddress, EmailAddressAdmin),
    (Authenticator, AuthenticatorAdmin),
    (UserSession, UserSessionAdmin),
):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
    admin.site.register(model, model_admin)

# The lists are wide; the index and the path above each page lead everywhere.
admin.site.enable_nav_sidebar = False

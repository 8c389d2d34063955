"""The pages of a person's own account: those of allauth that this product uses, and no other.

No page to add an e-mail address or to sign up: owners invite people to the address they know. And
none of allauth's pages to prove once more who one is: ``trinity.step_up`` is the only one.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions import views as usersessions
from csp.decorators import csp_update
from django.http import HttpRequest
from django.urls import path, re_path
from django.views.decorators.cache import never_cache

from kernel.permissions import fresh_login
from trinity import account_views, factors
from trinity.step_up.freshness import has_second_factor
from trinity.step_up.views import reauthenticate


def _is_factor_missing_in_its_form(request: HttpRequest) -> bool:
    """Say whether to ask for more than the present password, which the form itself asks for."""
    return has_second_factor(request.user)


# The only page with a picture that is not a file of ours: the code to scan.
activate_totp = csp_update({"img-src": "data:"})(fresh_login(factors.ActivateTotp.as_view()))
change_password = fresh_login(account.password_change, only_if=_is_factor_missing_in_its_form)

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", never_cache(account.account_inactive), name="account_inactive"),
    path("signup/", account.signup, name="account_signup"),
    path("reauthenticate/", reauthenticate, name="account_reauthenticate"),
    path("password/change/", change_password, name="account_change_password"),
    path("password/set/", fresh_login(account.password_set), name="account_set_password"),
    path("password/reset/", never_cache(account.password_reset), name="account_reset_password"),
    path(
        "password/reset/done/",
        never_cache(account.password_reset_done),
        name="account_reset_password_done",
    ),
    path(
        "password/reset/key/done/",
        never_cache(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account_views.ChoosePassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("2fa/", mfa.index, name="mfa_index"),
    path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("2fa/totp/activate/", activate_totp, name="mfa_activate_totp"),
    path(
        "2fa/totp/deactivate/",
        fresh_login(factors.DeactivateTotp.as_view()),
        name="mfa_deactivate_totp",
    ),
    path(
        "2fa/recovery-codes/",
        fresh_login(recovery_codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/generate/",
        fresh_login(factors.RenewCodes.as_view()),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        fresh_login(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("2fa/webauthn/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("2fa/webauthn/add/", fresh_login(factors.AddKey.as_view()), name="mfa_add_webauthn"),
    path("2fa/webauthn/login/", account_views.LoginByPasskey.as_view(), name="mfa_login_webauthn"),
    path(
        "2fa/webauthn/keys/<int:pk>/remove/",
        fresh_login(factors.RemoveKey.as_view()),
        name="mfa_remove_webauthn",
    ),
    path(
        "2fa/webauthn/keys/<int:pk>/edit/",
        fresh_login(webauthn.edit_webauthn),
        name="mfa_edit_webauthn",
    ),
    path(
        "sessions/",
        fresh_login(usersessions.list_usersessions, allow_get=True),
        name="usersessions_list",
    ),
]

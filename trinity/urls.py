"""Every address of the product: each app keeps its own list."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import include, path
from django.views.generic import RedirectView

from trinity import health

# One door for all: the admin has no login page of its own, and no second place for passwords.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # allauth's way in


def _moved(name: str) -> Callable[..., HttpResponseBase]:
    return RedirectView.as_view(pattern_name=name, query_string=True)


urlpatterns = [
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    # Where alerts were until 0.1.2; for one version more.
    path("admin/revenue/operatoralert/", _moved("admin:notices_operatoralert_changelist")),
    path(
        "admin/revenue/operatoralert/<int:object_id>/change/",
        _moved("admin:notices_operatoralert_change"),
    ),
    path("admin/", admin.site.urls),
    path("accounts/", include("trinity.account_urls")),
    path("", include("trinity.people.urls")),
    path("", include("trinity.logins.urls")),
    path("", include("crm.urls")),
    path("", include("ledger.urls")),
    path("console/", include("approvals.urls")),
    path("", include("fulfillment.urls")),
    path("", include("toolrouter.urls")),
    path("console/", include("console.urls")),
    path("console/", include("notices.urls")),
    path("", include("revenue.urls.public")),
    path("console/", include("revenue.urls.console")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = "trinity.errors.bad_request"
handler403 = "trinity.errors.permission_denied"
handler429 = "trinity.errors.too_many_requests"  # allauth's; Django knows none
handler404 = "trinity.errors.page_not_found"
handler500 = "trinity.errors.server_error"

"""Every address of the product: each app keeps its own list."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from trinity import health

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("trinity.account_urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = "trinity.errors.bad_request"
handler403 = "trinity.errors.permission_denied"
handler404 = "trinity.errors.page_not_found"

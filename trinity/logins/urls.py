"""The address of the page of logins."""

from __future__ import annotations

from django.urls import path

from trinity.logins import views

urlpatterns = [path("console/logins/", views.logins, name="logins")]

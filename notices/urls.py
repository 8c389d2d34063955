"""The pages of alerts, and of what one wants to hear, below ``/console/``."""

from __future__ import annotations

from django.urls import URLPattern, path

from notices.views import alerts, preferences

urlpatterns: list[URLPattern] = [
    path("alerts/<str:reference>/", alerts.alert, name="alert"),
    path("alerts/<str:reference>/dismiss/", alerts.dismiss, name="alert-dismiss"),
    path("alerts/<str:reference>/undo/", alerts.undo, name="alert-undo"),
    path("alerts/<str:reference>/snooze/", alerts.snooze, name="alert-snooze"),
    path("alerts/<str:reference>/assign/", alerts.assign, name="alert-assign"),
    path("notices/", preferences.choose, name="notice-preferences"),
]

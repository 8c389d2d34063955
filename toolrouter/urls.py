"""Addresses of the router's pages."""

from __future__ import annotations

from django.urls import path

from toolrouter.views import calls

urlpatterns = [
    path("console/tool-calls/", calls.call_list, name="tool-call-list"),
    path("console/tool-calls/<str:reference>/", calls.call, name="tool-call"),
    path("console/tool-calls/<str:reference>/why/", calls.why_denied, name="why-denied"),
]

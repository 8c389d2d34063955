"""Addresses of the work: verbs of the console."""

from __future__ import annotations

from django.urls import path

from fulfillment.views import sources

urlpatterns = [
    path("console/sources/<str:source_ref>/release/", sources.release, name="source-release"),
]

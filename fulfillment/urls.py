"""Addresses of the work: verbs of the console, and the sample that anybody may see."""

from __future__ import annotations

from django.urls import path

from fulfillment.views import runs, sample, sources

urlpatterns = [
    path("console/runs/<str:run_ref>/steer/<slug:verb>/", runs.steer, name="run-steer"),
    path("console/sources/<str:source_ref>/release/", sources.release, name="source-release"),
    path("sample-snapshot/", sample.sample_page, name="sample-snapshot"),
    path("sample-snapshot.pdf", sample.sample_pdf, name="sample-snapshot-pdf"),
]

"""Addresses of the ledger."""

from __future__ import annotations

from django.urls import path

from ledger import views

urlpatterns = [
    path("console/ledger/", views.entry_list, name="ledger"),
    path("console/ledger/<str:reference>/", views.entry, name="ledger-entry"),
    path(".well-known/trinity-ledger-keys.json", views.keys, name="ledger-keys"),
]

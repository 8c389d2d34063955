"""The operators' pages that cut across apps, below ``/console/``."""

from __future__ import annotations

from django.urls import path

from console.views import relationship, runs

urlpatterns = [
    path("deals/<str:deal_ref>/", relationship.deal, name="deal"),
    path("contacts/<str:contact_ref>/", relationship.contact, name="contact"),
    path("companies/<str:company_ref>/", relationship.company, name="company"),
    path("runs/", runs.run_list, name="run-list"),
    path("runs/<str:run_ref>/", runs.run, name="run"),
]

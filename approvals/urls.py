"""Addresses of approvals."""

from __future__ import annotations

from django.urls import path

from approvals.views import decisions, figures, pages

urlpatterns = [
    path("approvals/", pages.inbox, name="approval-inbox"),
    path("approvals/all/", pages.request_list, name="approval-list"),
    path("approvals/figures/", figures.figures, name="approval-figures"),
    path("approvals/<str:reference>/", pages.request_detail, name="approval"),
    path("approvals/<str:reference>/approve/", decisions.approve_request, name="approval-approve"),
    path("approvals/<str:reference>/refuse/", decisions.refuse_request, name="approval-refuse"),
    path("approvals/<str:reference>/revoke/", decisions.revoke_request, name="approval-revoke"),
]

"""The operators' pages that cut across apps, below ``/console/``."""

from __future__ import annotations

from django.urls import path

from console.views import (
    alerts,
    dashboard,
    deliverables,
    orders,
    projects,
    relationship,
    runs,
    search,
    trace,
)
from kernel.addresses import FOREIGN_ID

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("alerts/", alerts.alert_list, name="alert-list"),
    path("orders/", orders.order_list, name="order-list"),
    path("orders/<str:reference>/", orders.order_detail, name="order-detail"),
    path("review/", orders.review_list, name="review-list"),
    path("search/", search.search, name="search"),
    path("trace/", trace.find, name="trace-find"),
    path(f"trace/<{FOREIGN_ID}:ref>/", trace.trace, name="trace"),
    path(f"trace/<{FOREIGN_ID}:ref>/reveal/", trace.reveal, name="trace-reveal"),
    path("deals/<str:deal_ref>/", relationship.deal, name="deal"),
    path("contacts/<str:contact_ref>/", relationship.contact, name="contact"),
    path("companies/<str:company_ref>/", relationship.company, name="company"),
    path("projects/<str:project_ref>/", projects.project, name="project"),
    path("deliverables/<str:reference>/", deliverables.deliverable, name="deliverable"),
    path(
        "deliverables/<str:reference>/page/", deliverables.deliverable_page, name="deliverable-page"
    ),
    path("deliverables/<str:reference>.pdf", deliverables.deliverable_pdf, name="deliverable-pdf"),
    path("runs/", runs.run_list, name="run-list"),
    path("runs/<str:run_ref>/", runs.run, name="run"),
]

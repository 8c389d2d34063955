"""Addresses of crm: what anybody may open, and the lists and verbs of the console."""

from __future__ import annotations

from django.urls import path

from crm.views import lists, projects, public, verbs

urlpatterns = [
    path("request/", public.request_snapshot, name="request-snapshot"),
    path("request/thanks/", public.request_thanks, name="request-thanks"),
    path("console/leads/", lists.lead_list, name="lead-list"),
    path("console/leads/spam/", lists.spam_list, name="spam-list"),
    path("console/leads/spam/<str:reference>/rescue/", verbs.rescue, name="spam-rescue"),
    path("console/deals/", lists.deal_list, name="deal-list"),
    path("console/deals/<str:deal_ref>/accept/", verbs.accept_lead, name="lead-accept"),
    path("console/deals/<str:deal_ref>/decline/", verbs.decline_lead, name="lead-decline"),
    path("console/deals/<str:deal_ref>/note/", verbs.add_note, name="deal-note"),
    path("console/deals/<str:deal_ref>/owner/", verbs.assign_deal, name="deal-assign"),
    path("console/deals/<str:deal_ref>/move/", verbs.move_deal, name="deal-move"),
    path("console/deals/<str:deal_ref>/project/", projects.change_project, name="deal-project"),
    path("console/projects/", projects.project_list, name="project-list"),
    path("console/projects/make/", projects.make, name="project-make"),
    path("console/projects/<str:reference>/rename/", projects.rename, name="project-rename"),
    path("console/contacts/", lists.contact_list, name="contact-list"),
]

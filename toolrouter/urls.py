"""Addresses of toolrouter: all of them in the console."""

from __future__ import annotations

from django.urls import path

from toolrouter.views import (
    again,
    calls,
    incidents,
    integrations,
    purchases,
    runs,
    safety,
    stops,
)

urlpatterns = [
    path("console/safety/", safety.safety, name="safety"),
    path("console/safety/history/", safety.history, name="safety-history"),
    path("console/safety/posture/", safety.posture, name="safety-posture"),
    path("console/safety/settings/", safety.settings, name="safety-settings"),
    path("console/safety/caps/<str:cap_scope>/", safety.cap, name="safety-cap"),
    path("console/stop/", stops.stop_agents, name="agents-stop"),
    path("console/stops/<str:reference>/", stops.stop_page, name="stop"),
    path("console/stops/<str:reference>/release/", stops.release, name="stop-release"),
    path("console/incidents/", incidents.incident_list, name="incident-list"),
    path("console/incidents/open/", incidents.open_incident, name="incident-open"),
    path("console/incidents/<str:reference>/", incidents.incident, name="incident"),
    path(
        "console/incidents/<str:reference>/close/", incidents.close_incident, name="incident-close"
    ),
    path("console/integrations/", integrations.integration_list, name="integrations"),
    path("console/integrations/<str:name>/test/", integrations.test_provider, name="provider-test"),
    path("console/integrations/<str:name>/attest/", integrations.attest, name="provider-attest"),
    path(
        "console/integrations/<str:name>/withdraw/",
        integrations.withdraw,
        name="provider-withdraw",
    ),
    path("console/runs/<str:run_ref>/tokens/", runs.make_token, name="run-token-make"),
    path("console/runs/<str:run_ref>/deals/", runs.add_deal, name="run-deal-add"),
    path("console/run-tokens/<str:reference>/revoke/", runs.revoke_token, name="run-token-revoke"),
    path("console/purchases/", purchases.purchase_list, name="purchase-list"),
    path("console/purchases/export/", purchases.export, name="purchase-export"),
    path("console/purchases/<str:reference>/", purchases.purchase, name="purchase"),
    path(
        "console/purchases/<str:reference>/bought/", purchases.mark_bought, name="purchase-bought"
    ),
    path(
        "console/purchases/<str:reference>/not-bought/",
        purchases.mark_not_bought,
        name="purchase-not-bought",
    ),
    path("console/purchases/<str:reference>/cancel/", purchases.cancel, name="purchase-cancel"),
    path(
        "console/purchases/<str:reference>/receipt/", purchases.add_file, name="purchase-add-file"
    ),
    path("console/purchases/<str:reference>/file/", purchases.file, name="purchase-file"),
    path("console/purchases/<str:reference>/payee/", purchases.confirm, name="payee-confirm"),
    path("console/tool-calls/", calls.call_list, name="tool-call-list"),
    path("console/tool-calls/<str:reference>/", calls.call, name="tool-call"),
    path("console/tool-calls/<str:reference>/why/", calls.why_denied, name="why-denied"),
    path("console/tool-calls/<str:reference>/again/", again.ask_call_again, name="ask-again"),
    path("console/tool-calls/<str:reference>/edit/", again.edit_call, name="call-edit"),
]

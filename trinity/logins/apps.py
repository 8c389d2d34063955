"""Logins as an app: it keeps counts of refusals, and listens to what allauth says."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import import_string

from ledger import facts, rows
from trinity.logins.enums import Proof, Refusal


class LoginsConfig(AppConfig):
    """Who logged in, who failed to."""

    name = "trinity.logins"
    label = "logins"
    verbose_name = "Logins"

    def ready(self) -> None:
        """Say what an entry about a login carries; hear what allauth says."""
        import_string("trinity.logins.listening.listen")()  # its models are loaded only now
        facts.allow(
            "audit",
            {
                "proof": facts.one_of(Proof.values),
                "factor": facts.one_of(Proof.values),
                "factor_digest": facts.DIGEST,  # of a public key, or of when an app was set up
                "refusal": facts.one_of(Refusal.values),
                "is_new_browser": facts.FLAG,
            },
        )
        comparison = import_string("trinity.logins.queries.factors.COMPARISON")
        rows.declare("audit", {}, comparisons=[comparison])

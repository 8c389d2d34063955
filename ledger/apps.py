"""The app's name for Django, and the one fact that every audit entry carries."""

from django.apps import AppConfig

from kernel import due_work, guards
from kernel.schema import histories
from ledger import facts, rows
from ledger.due_work import UNSEALED
from ledger.guards import PROMISES


class LedgerConfig(AppConfig):
    """What happened: append-only entries, double-entry postings, seals. Knows no business word."""

    name = "ledger"

    def ready(self) -> None:
        """Say which facts the ledger's own entries carry."""
        guards.register(*histories(self.get_models()), *PROMISES)
        due_work.register(UNSEALED)
        facts.allow(
            "audit",
            {
                "actor": facts.ACTOR,
                "old_key": facts.DIGEST,
                "new_key": facts.DIGEST,
                # The old key's signature of the new one's id (Ed25519, RFC 8032: R, then S).
                "signature_r": facts.DIGEST,
                "signature_s": facts.DIGEST,
            },
        )
        # A key is no row of ours: who introduced it is judged by signatures.
        rows.declare("audit", {"seal_key.rotated": None, "seal_key.replaced": None})
        rows.declare("audit", {"seals_log.begun_anew": None})  # a file is no row either

"""What a run may ask for."""

from __future__ import annotations

from typing import Any

from toolrouter.models import Grant
from toolrouter.queries.credentials import Credential
from toolrouter.registry import registry
from toolrouter.vocabulary import RunKind


def list_capabilities(credential: Credential) -> dict[str, Any]:
    """Return what the run may ask for: each operation, its class, and the schema of its arguments.

    It follows from the grant alone, never from posture, caps or stops, and is in a fixed order.
    One statement.
    """
    kind = Grant.objects.values_list("kind", flat=True).get(pk=credential.grant_id)
    return {
        "run": credential.run_code,
        "kind": str(kind),
        "environment": credential.mode,
        "operations": [
            {
                "operation": operation.name,
                "tool": operation.tool,
                "risk": str(operation.risk),
                "says": operation.says,
                "arguments": operation.arguments.model_json_schema(),
            }
            for operation in registry().granted(RunKind(kind))
        ],
    }

"""Documents as the API shows them: what depends on the present is filled in here."""

from sandbox.state import RequestContext
from sandbox.store import Doc


def as_shown(context: RequestContext, doc: Doc) -> Doc:
    """A copy of ``doc`` as the API shows it now."""
    shown = {name: value for name, value in doc.items() if not name.startswith("_")}
    if shown["object"] == "event":
        return {**shown, "pending_webhooks": pending_webhooks(context, shown["id"])}
    if shown["object"] == "balance_transaction":
        is_available = shown["available_on"] <= context.now
        return {**shown, "status": "available" if is_available else "pending"}
    return shown


def rendered(context: RequestContext, result: Doc) -> Doc:
    """A document, or a list of them, as the API shows it now."""
    if result.get("object") == "list":
        return {**result, "data": [as_shown(context, each) for each in result["data"]]}
    return as_shown(context, result)


def pending_webhooks(context: RequestContext, event_id: str) -> int:
    """How many endpoints have not yet taken the event."""
    row = context.store.row(
        "SELECT count(*) AS n FROM (SELECT 1 FROM deliveries WHERE event_id = ?"
        " GROUP BY endpoint_id HAVING max(state = 'delivered') = 0)",
        (event_id,),
    )
    return int(row["n"]) if row is not None else 0

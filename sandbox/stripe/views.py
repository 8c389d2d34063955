"""What a caller sees of a document: parts that depend on the present are filled in here."""

from sandbox.store import Doc
from sandbox.world import Moment


def as_seen(moment: Moment, doc: Doc) -> Doc:
    """A copy of ``doc`` as the API shows it now."""
    seen = {name: value for name, value in doc.items() if not name.startswith("_")}
    if seen["object"] == "event":
        return {**seen, "pending_webhooks": pending_webhooks(moment, seen["id"])}
    if seen["object"] == "balance_transaction":
        is_available = seen["available_on"] <= moment.now
        return {**seen, "status": "available" if is_available else "pending"}
    return seen


def pending_webhooks(moment: Moment, event_id: str) -> int:
    """How many endpoints have not yet taken the event."""
    row = moment.store.row(
        "SELECT count(*) AS n FROM (SELECT 1 FROM deliveries WHERE event_id = ?"
        " GROUP BY endpoint_id HAVING max(state = 'delivered') = 0)",
        (event_id,),
    )
    return int(row["n"]) if row is not None else 0

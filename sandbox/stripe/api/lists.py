"""Lists: newest first, by cursor, filtered by what Stripe filters by."""

from collections.abc import Sequence
from json import loads
from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call
from sandbox.stripe.api.params import Params
from sandbox.stripe.shapes.errors import bad_param, no_such

LIMIT_DEFAULT: Final = 10
LIMIT_MAX: Final = 100
# Fields that lists are filtered by.
INDEXED_FIELDS: Final = (
    "payment_intent",
    "payment_link",
    "charge",
    "source",
    "type",
    "product",
    "status",
    "_slug",
    "_payout",
)
COMPARISONS: Final = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Filter:
    """WHERE clauses with their values; built by endpoints from parameters they know."""

    def __init__(self) -> None:
        self.clauses: list[str] = []
        self.values: list[object] = []

    def add(self, clause: str, *values: object) -> None:
        """One more condition."""
        self.clauses.append(clause)
        self.values.extend(values)

    def equal(self, params: Params, *names: str) -> None:
        """Let the caller filter by these fields."""
        for name in names:
            value = params.text(name)
            if value is not None:
                self.field(name, value)

    def flag(self, params: Params, name: str) -> None:
        """Let the caller filter by a yes or no."""
        value = params.flag(name)
        if value is not None:
            self.add(f"json_extract(body, '$.{name}') = ?", value)

    def field(self, name: str, value: object) -> None:
        """The document's field must have this value."""
        self.add(f"json_extract(body, '$.{name}') = ?", value)

    def created(self, params: Params) -> None:
        """``created=17…`` or ``created[gte]=17…``."""
        if isinstance(params.echo("created"), str):
            exact = params.integer("created")
            if exact is not None:
                self.add("created = ?", exact)
            return
        window = params.child("created")
        if window is None:
            return
        for name, sign in COMPARISONS.items():
            bound = window.integer(name)
            if bound is not None:
                self.add(f"created {sign} ?", bound)


def list_of(call: Call, kind: str, *, url: str, where: Filter | None = None) -> Doc:
    """One page of documents of ``kind``, as a Stripe list object."""
    where = where or Filter()
    params = call.params
    limit = params.integer("limit", at_least=1, at_most=LIMIT_MAX) or LIMIT_DEFAULT
    after, before = params.text("starting_after"), params.text("ending_before")
    if after and before:
        raise bad_param("starting_after", "You cannot use both starting_after and ending_before.")
    cursor, name = (after, "starting_after") if after else (before, "ending_before")
    clauses, values = ["kind = ?", *where.clauses], [kind, *where.values]
    if cursor:
        clauses.append(f"(created, seq) {'<' if after else '>'} (?, ?)")
        values.extend(_position(call, kind, cursor, name))
    order = "ASC" if before else "DESC"
    rows = call.context.store.rows(
        f"SELECT body FROM documents WHERE {' AND '.join(clauses)}"  # noqa: S608  # clauses are ours
        f" ORDER BY created {order}, seq {order} LIMIT ?",
        (*values, limit + 1),
    )
    docs = [loads(row["body"]) for row in rows[:limit]]
    return as_list(docs[::-1] if before else docs, url=url, has_more=len(rows) > limit)


def as_list(docs: Sequence[Doc], *, url: str, has_more: bool = False) -> Doc:
    """The envelope around any list."""
    return {"object": "list", "data": list(docs), "has_more": has_more, "url": url}


def _position(call: Call, kind: str, cursor: str, name: str) -> tuple[int, int]:
    row = call.context.store.row(
        "SELECT created, seq FROM documents WHERE id = ? AND kind = ?", (cursor, kind)
    )
    if row is None:
        raise no_such(kind, cursor, param=name, status=400)
    return row["created"], row["seq"]

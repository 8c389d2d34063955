"""Misbehaviour on demand: rules that say which calls or deliveries go wrong, how, how often."""

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final

from sandbox.store import Row, Store

EFFECTS: Final = {
    "api": ("delay", "drop", "timeout_after_success", "status"),
    "webhook": ("delay", "drop", "fail", "duplicate", "reorder"),
}
WHOLE: Final = ("count", "seed", "delay_ms", "hang_ms", "status", "times")
HANG_MS_DEFAULT: Final = 30_000


class FaultTarget(StrEnum):
    """What a rule bites: calls that come in, or webhooks that go out."""

    API = "api"
    WEBHOOK = "webhook"


class BadFault(ValueError):
    """A rule that cannot be; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule. Only what matches ``method``/``path`` or ``type`` is touched."""

    target: FaultTarget
    effect: str
    method: str | None = None
    path: str | None = None
    type: str | None = None
    count: int | None = None
    probability: float = 1.0
    seed: int | None = None
    delay_ms: int = 0
    hang_ms: int = HANG_MS_DEFAULT
    status: int | None = None
    when: str = "before"
    times: int = 2

    def matches_call(self, *, method: str, path: str) -> bool:
        """Whether the rule speaks of this call."""
        return (self.method is None or self.method == method) and (
            self.path is None or path.startswith(self.path)
        )

    def matches_event(self, event_type: str) -> bool:
        """Whether the rule speaks of this type; ``checkout.*`` means all that start so."""
        if self.type is None:
            return True
        if self.type.endswith("*"):
            return event_type.startswith(self.type[:-1])
        return self.type == event_type


def fault_from(values: Mapping[str, Any]) -> Fault:
    """Read a rule from JSON. Raises BadFault."""
    known = {field.name for field in fields(Fault)}
    unknown = set(values) - known
    if unknown:
        raise BadFault(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    target = values.get("target", "api")
    if target not in EFFECTS:
        raise BadFault("target must be 'api' or 'webhook'")
    if values.get("effect") not in EFFECTS[target]:
        raise BadFault(f"effect for {target} must be one of {', '.join(EFFECTS[target])}")
    if values.get("when", "before") not in {"before", "after"}:
        raise BadFault("when must be 'before' or 'after'")
    for name in WHOLE:
        if not isinstance(values.get(name, 0), int) or values.get(name, 0) < 0:
            raise BadFault(f"{name} must be a whole number of at least 0")
    if values["effect"] == "delay" and not values.get("delay_ms"):
        raise BadFault("a delay needs its length: delay_ms of at least 1")
    if not 0 <= float(values.get("probability", 1.0)) <= 1:
        raise BadFault("probability must be between 0 and 1")
    if values["effect"] == "status" and not 400 <= values.get("status", 0) <= 599:
        raise BadFault("effect 'status' needs a status from 400 to 599")
    if values.get("when") == "after" and values.get("status", 0) < 500:
        raise BadFault("when 'after' (the work is done, the answer is an error) needs a 5xx")
    return Fault(**{**values, "target": FaultTarget(target)})


def add_fault(store: Store, fault: Fault) -> int:
    """Put a rule in force; it stays over a restart. Returns its number."""
    return store.write("INSERT INTO faults (rule) VALUES (?)", (json.dumps(asdict(fault)),))


def faults(store: Store) -> list[dict[str, Any]]:
    """All rules in force, with how often each has bitten."""
    rows = store.rows("SELECT id, rule, used FROM faults ORDER BY id")
    return [{"id": row["id"], "used": row["used"], **json.loads(row["rule"])} for row in rows]


def clear_faults(store: Store, fault_id: int | None = None) -> None:
    """Forget one rule, or all of them."""
    if fault_id is None:
        store.write("DELETE FROM faults")
    else:
        store.write("DELETE FROM faults WHERE id = ?", (fault_id,))


def draw_fault(
    store: Store,
    *,
    target: FaultTarget,
    method: str = "",
    path: str = "",
    event_type: str = "",
) -> Fault | None:
    """The first rule that bites now, if any; counts it. The same seed gives the same bites."""
    for row in store.rows("SELECT * FROM faults ORDER BY id"):
        fault = Fault(**json.loads(row["rule"]))
        if fault.target != target or (fault.count is not None and row["used"] >= fault.count):
            continue
        is_match = (
            fault.matches_call(method=method, path=path)
            if target == FaultTarget.API
            else fault.matches_event(event_type)
        )
        if is_match and _bites(store, row, fault):
            return fault
    return None


def _bites(store: Store, row: Row, fault: Fault) -> bool:
    bites = fault.probability >= 1 or _dice(fault, row["draws"]).random() < fault.probability
    store.write(
        "UPDATE faults SET draws = draws + 1, used = used + ? WHERE id = ?", (bites, row["id"])
    )
    return bites


def _dice(fault: Fault, draws: int) -> random.Random:
    seed = None if fault.seed is None else f"{fault.seed}:{draws}"
    return random.Random(seed)  # noqa: S311  # chance for tests, not a secret

"""Arguments that fit a tool's schema: what is known by name, else the least that is allowed."""

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]
DEPTH_MAX: Final = 8


def filled(schema: Json, known: Mapping[str, object]) -> Json:
    """An object for ``schema``; fields of the names in ``known`` get those values."""
    definitions = schema.get("$defs") or {}
    value = _value(schema, "", known, definitions, 0)
    return value if isinstance(value, dict) else {}


def _value(
    schema: Json, name: str, known: Mapping[str, object], definitions: Json, depth: int
) -> object:
    if name in known and _fits(known[name], schema):
        return known[name]
    if depth > DEPTH_MAX:
        return None
    if "$ref" in schema:
        target = definitions.get(str(schema["$ref"]).rpartition("/")[2]) or {}
        return _value(target, name, known, definitions, depth + 1)
    for several in ("anyOf", "oneOf", "allOf"):
        if schema.get(several):
            return _value(schema[several][0], name, known, definitions, depth + 1)
    for fixed in ("const", "default"):
        if fixed in schema:
            said: object = schema[fixed]
            return said
    if schema.get("enum"):
        first: object = schema["enum"][0]
        return first
    return _of_type(schema, name, known, definitions, depth)


def _of_type(
    schema: Json, name: str, known: Mapping[str, object], definitions: Json, depth: int
) -> object:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        wanted = set(schema.get("required") or []) | (
            (schema.get("properties") or {}).keys() & known.keys()
        )
        return {
            each: _value(inner, each, known, definitions, depth + 1)
            for each, inner in (schema.get("properties") or {}).items()
            if each in wanted
        }
    if kind == "array":
        one = _value(schema.get("items") or {}, name, known, definitions, depth + 1)
        return [one] * int(schema.get("minItems", 0))
    if kind in ("integer", "number"):
        least: object = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        return least
    if kind == "boolean":
        return False
    return "As the task says"[: int(schema.get("maxLength", 200))]


def _fits(value: object, schema: Json) -> bool:
    """Whether a known value is of the kind that is asked for, as far as that is said."""
    kinds = {"string": str, "array": list, "object": dict, "integer": int, "boolean": bool}
    wanted = kinds.get(str(schema.get("type")))
    return wanted is None or isinstance(value, wanted)

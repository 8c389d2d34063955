"""Bracketed form encoding, as Stripe's API takes it: ``line_items[0][price]=price_1``."""

from typing import Any, Final
from urllib.parse import parse_qsl

from sandbox.stripe.shapes.errors import ApiError

DEPTH_MAX: Final = 8
FIELDS_MAX: Final = 2_000

Tree = dict[str, Any]


def decode(raw: bytes) -> Tree:
    """Turn a form body or a query string into nested dicts; ``a[]`` counts up from 0.

    Lists stay dicts with number-like keys: only the reader knows whether ``metadata[0]`` is one.
    """
    tree: Tree = {}
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError as error:
        raise ApiError(400, f"Invalid form encoding: {error}") from error
    for name, value in pairs:
        _put(tree, _path(name), value, name)
    return tree


def _path(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    if not bracket:
        return [name]
    if not head or not rest.endswith("]"):
        raise ApiError(400, f"Invalid parameter name: {name}", param=name)
    return [head, *rest[:-1].split("][")]


def _put(tree: Tree, path: list[str], value: str, name: str) -> None:
    if len(path) > DEPTH_MAX:
        raise ApiError(400, f"Parameter is nested too deeply: {name}", param=name)
    for step in path[:-1]:
        below = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(below, dict):
            raise ApiError(400, f"Invalid object: {name}", param=name)
        tree = below
    last = path[-1] or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise ApiError(400, f"Invalid string: {name}", param=name)
    tree[last] = value

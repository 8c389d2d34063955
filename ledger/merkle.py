"""Merkle trees as in RFC 6962, section 2.1: leaves and nodes are hashed in different ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

NODE: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class Step:
    """One neighbour on the way up, and on which side it stands."""

    sibling: bytes
    is_left: bool


def _next_row(row: Sequence[bytes]) -> list[bytes]:
    """Hash a row in pairs; an odd last one moves up as it is (the RFC's tree, row by row)."""
    paired = [
        sha256(NODE + left + right).digest()
        for left, right in zip(row[0::2], row[1::2], strict=False)
    ]
    return [*paired, row[-1]] if len(row) % 2 else paired


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes. Raises ValueError for none: no batch is empty."""
    if not leaves:
        raise ValueError("a tree needs a leaf")
    row = list(leaves)
    while len(row) > 1:
        row = _next_row(row)
    return row[0]


def path(leaves: Sequence[bytes], *, index: int) -> list[Step]:
    """Return the neighbours that lead from leaf ``index`` to the root."""
    steps, row = [], list(leaves)
    while len(row) > 1:
        neighbour = index ^ 1
        if neighbour < len(row):
            steps.append(Step(row[neighbour], is_left=neighbour < index))
        row, index = _next_row(row), index // 2
    return steps


def root_from_path(leaf: bytes, steps: Sequence[Step]) -> bytes:
    """Return the root that ``leaf`` and its neighbours lead to."""
    node = leaf
    for step in steps:
        pair = step.sibling + node if step.is_left else node + step.sibling
        node = sha256(NODE + pair).digest()
    return node

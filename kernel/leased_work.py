"""The kinds of rows that workers lease, each registered by the app whose they are.

Registered from ``AppConfig.ready``, so that whoever ends the leases of dead workers misses none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # an app's config registers before there are models
    from kernel.leases import Leased

_known: Final[dict[type[Leased], str]] = {}


def register(*work: tuple[type[Leased], str]) -> None:
    """Say of which models workers lease rows, each with SQL: what its index of work covers."""
    _known.update(work)


def known() -> Mapping[type[Leased], str]:
    """Return what was registered."""
    return dict(_known)

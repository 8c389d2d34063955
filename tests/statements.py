"""What a page may not ask of a big table."""

from __future__ import annotations


def counts_without_end(sql: str) -> bool:
    """Say whether a statement counts rows without a limit: slower with every row there is."""
    said = sql.upper()
    return "COUNT(" in said and " LIMIT " not in said

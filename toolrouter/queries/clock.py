"""What time it is by the database's clock, by which tokens end and deadlines pass."""

from __future__ import annotations

from kernel.liveness import statement_now as database_now

__all__ = ["database_now"]

"""What the database promises about alerts and about what people chose to hear."""

from __future__ import annotations

from typing import Final

from kernel.guards import Promise
from kernel.schema import fixed_mode, kept_facts

PROMISES: Final[tuple[Promise, ...]] = (
    fixed_mode("revenue_operatoralert"),
    kept_facts("notices_noticepreference", frozen=("id", "user_id")),
)

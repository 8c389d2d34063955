"""What the database promises about alerts."""

from __future__ import annotations

from typing import Final

from kernel.guards import Promise
from kernel.schema import fixed_mode

PROMISES: Final[tuple[Promise, ...]] = (fixed_mode("revenue_operatoralert"),)

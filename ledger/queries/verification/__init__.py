"""Is the ledger what it was when it was sealed? Everything that is not is named."""

from ledger.queries.verification.report import Finding, Report
from ledger.queries.verification.rows import compare_rows
from ledger.queries.verification.verify import verify

__all__ = ["Finding", "Report", "compare_rows", "verify"]

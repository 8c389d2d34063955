"""What happened: append-only entries, double-entry postings, seals. Knows no business word."""

"""The ledger: what happened, written once, balanced, sealed, verified."""

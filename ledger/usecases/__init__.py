"""What the ledger does by itself: seal, and change its key."""

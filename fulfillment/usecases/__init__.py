"""What fulfillment does: one file a verb, each with its own transaction."""

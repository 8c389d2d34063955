"""What crm does: one file a verb, each with its own transaction."""

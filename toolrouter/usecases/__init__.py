"""What people and doors do about agents' rights: one file a verb, each with its own transaction."""

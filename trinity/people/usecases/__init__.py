"""What the business does with people, one verb per file."""

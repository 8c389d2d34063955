"""What the business does with logins, one verb per file."""

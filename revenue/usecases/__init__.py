"""Things the business does; each owns its transaction."""

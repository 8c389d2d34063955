"""Pages and verbs of the work."""

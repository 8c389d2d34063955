"""What an agent may ask of the work: one list of operations for each part, named in settings."""

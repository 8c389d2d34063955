"""Questions to people, and their answers. No table of it exists in this version."""

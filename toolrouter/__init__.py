"""Every tool call and every cent an agent spends. No table of it exists in this version."""

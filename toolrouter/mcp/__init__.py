"""The Model Context Protocol: how an agent reaches the router, and nothing that decides."""

"""Pages of the router."""

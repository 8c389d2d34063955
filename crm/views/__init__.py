"""Pages of crm, and what their forms post to."""

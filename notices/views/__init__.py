"""Pages of alerts, and what their forms post to."""

"""Pages of toolrouter: tool calls, safety, stops, incidents, and what a run may do."""

"""Commands of toolrouter."""

"""Commands of fulfillment."""

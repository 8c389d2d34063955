"""Tables of fulfillment."""

"""Tables of crm."""

"""Pages and doors of crm."""

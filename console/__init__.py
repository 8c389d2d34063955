"""The operators' pages that cut across apps: dashboard, trace, search, order."""

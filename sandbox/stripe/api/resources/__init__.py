"""The API's resources: a module and its ``ENDPOINTS`` for each."""

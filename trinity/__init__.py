"""The project: settings, URLs, Celery, the flow of the business, roles and the local stack."""

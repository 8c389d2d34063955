"""The local stack: one supervisor that owns every process (``docs/architecture.md``)."""

"""The sale's pages."""

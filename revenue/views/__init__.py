"""The sale's doors for people."""

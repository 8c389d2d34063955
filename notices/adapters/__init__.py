"""Who carries letters out."""

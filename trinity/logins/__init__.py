"""Who logged in, who failed to, and how often somebody may try."""

"""What leaves the house as a message."""

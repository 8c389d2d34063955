"""What the console does: reading is its job, and looking at people is written down."""

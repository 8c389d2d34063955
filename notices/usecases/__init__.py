"""What people do about alerts, and sending what the team is to know."""

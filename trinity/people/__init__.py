"""The people of the team: who they are, what they may do, and how they come and go."""

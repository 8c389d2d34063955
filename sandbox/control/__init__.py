"""Playing the other side: a control page for people, test control for programs."""

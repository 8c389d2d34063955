"""From an agent's question over a person's yes to one effect, and no second one."""

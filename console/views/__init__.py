"""Pages that show records of more than one app. They write nothing but audit entries."""

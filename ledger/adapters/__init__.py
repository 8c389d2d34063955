"""The world outside the database: a key file and a log file."""

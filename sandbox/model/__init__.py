"""A stand-in for a language model: a script that decides from the messages alone, and says so."""

"""The protocol's own conformance suite: installed in one exact version, and run against us."""

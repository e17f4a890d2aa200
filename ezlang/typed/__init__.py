"""The typed tree: a checked program, with nothing left implicit."""

"""Boolean circuits for every operation of the language, as netlists."""

"""Error messages of the checker, one constructor each."""

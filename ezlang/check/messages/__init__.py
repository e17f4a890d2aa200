"""The error messages of the checker, one constructor each."""

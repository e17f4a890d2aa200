"""Secrets that valgrind marks as undefined."""

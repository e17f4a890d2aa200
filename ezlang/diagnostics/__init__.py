"""Diagnostics: what is wrong with a program, as data; one place renders them."""

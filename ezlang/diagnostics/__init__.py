"""Diagnostics: errors as data, their catalogue and their rendering."""

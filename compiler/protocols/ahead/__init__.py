"""Preprocessing that the parties make by OTs ahead of a run, and keep until then."""

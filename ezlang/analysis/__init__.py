"""Analyses of typed programs."""

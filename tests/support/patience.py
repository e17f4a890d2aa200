"""How long tests wait for what is sure to come."""

PATIENCE = 3600.0
"""Seconds. Only a hang takes so long; on a busy machine nothing fails for being late."""

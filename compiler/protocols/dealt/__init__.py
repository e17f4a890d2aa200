"""Preprocessing from a dealer."""

"""Common infrastructure for rewriting programs."""

"""Validations in batches: bounded memory, interruptions, commitments, several machines."""

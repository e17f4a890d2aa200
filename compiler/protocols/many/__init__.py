"""Protocols among any number of parties, built of two-party protocols between each pair."""

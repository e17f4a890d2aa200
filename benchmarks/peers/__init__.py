"""Other systems, measured beside."""

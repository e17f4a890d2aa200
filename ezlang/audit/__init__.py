"""Records of runs: what was computed, with whom, on what each side committed to, and the result."""

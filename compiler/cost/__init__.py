"""What a run of two parties costs, known before it: rounds, bytes, OTs, memory, time."""

"""The cost model of two-party runs: rounds, bytes, OTs, memory and time."""

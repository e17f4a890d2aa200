"""The native executor: compiled code runs a two-party program, with one process per party."""

"""The native executor: two-party programs run as compiled code, one process per party."""

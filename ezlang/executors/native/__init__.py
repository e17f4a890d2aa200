"""The native executor: a program of two parties run by compiled code, one process a party."""

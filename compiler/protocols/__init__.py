"""The cryptographic protocols: oblivious transfer, garbled circuits, secret sharing."""

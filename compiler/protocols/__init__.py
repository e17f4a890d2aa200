"""What the parties exchange: oblivious transfer, garbled circuits, sharings."""

"""The operations of the IR: each class with all that is known about it."""

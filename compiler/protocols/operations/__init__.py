"""The IR's operations on shares."""

"""The operations of the IR on shares."""

"""The operations of the IR: each class with its properties and rules."""

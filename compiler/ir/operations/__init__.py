"""The operations of the IR. Each class states what is known about it."""

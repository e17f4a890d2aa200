"""Types and labels: the kind of a value, and the parties that may know it."""

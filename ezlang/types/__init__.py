"""Types and labels: what a value is, and who may know it."""

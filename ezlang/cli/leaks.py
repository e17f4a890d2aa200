"""`ezlang leaks`: the complete list of what a program tells to whom."""

"""The syntax of Ez: from text to syntax tree, and formatting."""

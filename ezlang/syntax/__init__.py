"""Text to syntax tree, and syntax tree back to well-formatted text."""

"""The checker: syntax tree to typed tree, with every error of a file at once."""

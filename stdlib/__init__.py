"""The standard library, written in Ez."""

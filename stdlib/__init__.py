"""The standard library, written in Ez.

Every function has a comment with at least one line `/// Example: EXPRESSION`. The expression calls
the function as users do and holds: its value is true, or an array whose elements are all true. The
tests run each example in every executor, on public and on secret arguments.
"""

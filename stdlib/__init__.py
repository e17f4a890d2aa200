"""The standard library, written in Ez.

Every function has a comment with at least one line `/// Example: EXPRESSION`, an expression that
holds (a bool, or an array of them that are all true) and calls the function as users do. The
tests run each in every executor, on public and on secret arguments.
"""

"""Budgets of memory for operations that make many elements at once."""

BUDGET = 64 << 20
"""Bytes of labels that one vectorised loop may make if labels are kept for all secrets."""

SHARED = 16 * BUDGET
"""The same if labels are kept for few secrets."""

WIDE = 64 * BUDGET
"""The same if a secret bit takes one or two bits."""

"""What the verifier raises."""

from __future__ import annotations


class RuleError(Exception):
    """A rule of the IR that an operation breaks."""


def need(holds: bool, rule: str) -> None:
    """Raise RuleError unless a rule holds."""
    if not holds:
        raise RuleError(rule)

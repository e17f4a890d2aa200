"""The exception of the IR rules, which the verifier catches."""

from __future__ import annotations


class RuleError(Exception):
    """A violation of a rule of the IR."""


def need(holds: bool, rule: str) -> None:
    """Raise RuleError unless the rule holds."""
    if not holds:
        raise RuleError(rule)

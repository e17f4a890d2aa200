"""The values of number tokens."""

from __future__ import annotations

import re
from fractions import Fraction

from ezlang.diagnostics.diagnostic import Diagnostic, Diagnostics
from ezlang.source import Source, Span

from .lexer import Token, shown

_INT = re.compile(r"0[xX][0-9a-fA-F]+(_[0-9a-fA-F]+)*|0[bB][01]+(_[01]+)*|[0-9]+(_[0-9]+)*")
_MAX_DIGITS = 100


def int_value(source: Source, token: Token, diagnostics: Diagnostics) -> int:
    """Return the value of an integer token; an invalid one is reported and read as 0."""
    text = source.text[token.start : token.end]
    if _INT.fullmatch(text) and len(text) <= _MAX_DIGITS:
        if len(text) == 1 or text[0] != "0" or text[1] in "xXbB":
            return int(text.replace("_", ""), 0)
        if not text.strip("0_"):
            return 0
    diagnostics.add(
        Diagnostic(
            code="EZ0014",
            message=f"{shown(text if len(text) <= 30 else text[:27] + '…')} is not an integer",
            span=Span(source, token.start, token.end),
            help=_int_help(text),
        )
    )
    return 0


def _int_help(text: str) -> str:
    if len(text) > _MAX_DIGITS:
        return f"An integer is written with at most {_MAX_DIGITS} characters."
    if "_" in text and _INT.fullmatch(text.strip("_").replace("__", "_")):
        return "A single _ may stand between two digits."
    if re.fullmatch(r"0[0-9]+", text):
        return (
            f"Without leading zeros it is {text.lstrip('0') or '0'}; other bases are written 0x… "
            "and 0b…."
        )
    if re.fullmatch(r"0[oO][0-7]+", text):
        return f"There are no octal literals: write {int(text[2:], 8)}."
    if stem := re.fullmatch(r"([0-9]+|0[xX][0-9a-fA-F]+)([uU]?[lL]{0,2}|[uif](8|16|32|64))", text):
        return (
            "A literal has no suffix; it takes the type that its context asks for. Write "
            f"{stem.group(1)}."
        )
    if text[:2] in ("0x", "0X"):
        return "0x is followed by the digits 0 to 9 and a to f."
    if text[:2] in ("0b", "0B"):
        return "0b is followed by the digits 0 and 1."
    return "A name cannot begin with a digit, and a number cannot be followed directly by letters."


_DECIMAL = re.compile(
    r"([0-9]+(?:_[0-9]+)*)(?:\.([0-9]+(?:_[0-9]+)*))?(?:[eE]([+-]?[0-9]{1,4}))?", re.ASCII
)
_MAX_EXPONENT = 100


def decimal_value(source: Source, token: Token, diagnostics: Diagnostics) -> Fraction:
    """Return the exact value of a decimal token; an invalid one is reported and read as 0."""
    text = source.text[token.start : token.end]
    found = _DECIMAL.fullmatch(text)
    if found is not None and len(text) <= _MAX_DIGITS:
        whole, fraction, exponent = (part or "" for part in found.groups())
        power = int(exponent or "0") - len(fraction.replace("_", ""))
        if abs(power) <= _MAX_EXPONENT:
            return Fraction(int((whole + fraction).replace("_", ""))) * Fraction(10) ** power
    diagnostics.add(
        Diagnostic(
            code="EZ0014",
            message=f"{shown(text if len(text) <= 30 else text[:27] + '…')} is not a number",
            span=Span(source, token.start, token.end),
            help=_decimal_help(text, valid=found is not None),
        )
    )
    return Fraction(0)


def _decimal_help(text: str, *, valid: bool) -> str:
    if valid:
        return (
            f"A number is written with at most {_MAX_DIGITS} characters, and its digits lie within "
            f"10^-{_MAX_EXPONENT} and 10^{_MAX_EXPONENT}."
        )
    if "_" in text:
        return "A single _ may stand between two digits."
    return "A number is written 0.5 or 2.5e-3, and cannot be followed directly by letters."

"""Expressions of EzPC as text in Ez.

EzPC converts between signed and unsigned numbers of one width without a word, and reduces constants
modulo 2^w. Ez writes conversions, and computes constants exactly. So each expression has its type
in EzPC here, and what Ez would refuse or see otherwise is written out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace

from ezlang.records import dataclass

from . import tree
from .effects import Signature, untranslated
from .scope import Scope, item_in_ez

CHOICE, OR, AND, ORDER, BIT_OR, BIT_XOR, BIT_AND, SHIFT, SUM, PRODUCT, PREFIX, POWER, ATOM = range(
    13
)
"""How strongly operators of Ez bind."""

_OPERATORS: dict[str, tuple[str, int]] = {
    "||": ("||", OR),
    "&&": ("&&", AND),
    "@": ("^", BIT_XOR),
    **{one: (one, ORDER) for one in ("==", "<", "<=", ">", ">=")},
    "|": ("|", BIT_OR),
    "^": ("^", BIT_XOR),
    "&": ("&", BIT_AND),
    **{one: (one, SUM) for one in ("+", "-")},
    **{one: (one, PRODUCT) for one in ("*", "/", "%")},
}


def _quotient(x: int, y: int) -> int:
    return abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


_FOLDED: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": lambda x, y: x - _quotient(x, y) * y,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": lambda x, y: x << (y % 64),
    ">>": lambda x, y: x >> (y % 64),
    "^^": lambda x, y: pow(x, y, 1 << 64),
}


@dataclass(frozen=True, slots=True)
class Value:
    """An expression in Ez, how strongly it binds, and its type in EzPC.

    `is_open` says that it takes the type that its context asks for, as literals do; `number` is a
    literal's value. `sizes` are those of an array.
    """

    text: str
    strength: int
    base: str
    is_open: bool = False
    number: int | None = None
    sizes: tuple[str, ...] = ()

    def at(self, strength: int) -> str:
        """Return the text, in parentheses if it binds less strongly than this."""
        return self.text if self.strength >= strength else f"({self.text})"


def base_in_ez(base: str) -> str:
    """Return the type of Ez for one of EzPC. Ez has no floating point."""
    return "fixed" if base == "float" else base


def typed(value: Value, base: str) -> Value:
    """Return the value as one of this type."""
    if value.base == base:
        return value
    if value.is_open:
        if value.number is not None and "int" in base:
            return _literal(value, _wrapped(value.number, base), base)
        return replace(value, base=base)
    if (value.base, base) in {("int32", "int64"), ("uint32", "uint64")}:
        return replace(value, base=base)
    return _cast(value, base)


def closed(value: Value) -> Value:
    """Return the value where no context asks for a type: Ez would take `int32`."""
    return _cast(value, value.base) if value.is_open and value.base[-2:] in "32 64" else value


def _cast(value: Value, base: str) -> Value:
    if value.is_open and base in ("int32", "bool", "float"):
        return value
    return Value(f"{base_in_ez(base)}({value.text})", ATOM, base)


def _wrapped(number: int, base: str) -> int:
    width = int(base[-2:])
    low = number & ((1 << width) - 1)
    return low - (1 << width) if base[0] == "i" and low >> (width - 1) else low


def _literal(value: Value, number: int, base: str) -> Value:
    """Return the literal, written anew if its number became another one."""
    if number == value.number:
        return replace(value, base=base)
    strength = PREFIX if number < 0 else ATOM
    return Value(str(number), strength, base, is_open=True, number=number)


def _joined(left: Value, right: Value) -> str:
    if left.is_open != right.is_open:
        return right.base if left.is_open else left.base
    wide = {left.base, right.base} & {"int64", "uint64"}
    return next(iter(wide)) if len(wide) == 1 else left.base


class Expressions:
    """Translates the expressions of a function. `powers` collects the types of powers in use."""

    def __init__(self, scope: Scope, functions: Mapping[str, Signature], powers: set[str]) -> None:
        self._scope = scope
        self._functions = functions
        self._powers = powers

    def translate(self, node: tree.Expr) -> Value:
        """Return an expression in Ez."""
        match node:
            case tree.Number():
                number = _wrapped(node.value, node.base)
                strength = PREFIX if number < 0 else ATOM
                return Value(str(number), strength, node.base, is_open=True, number=number)
            case tree.Decimal():
                strength = PREFIX if node.text.startswith("-") else ATOM
                text = f"{node.text}0" if node.text.endswith(".") else node.text
                return Value(text, strength, "float", is_open=True)
            case tree.Truth():
                return Value(str(node.value).lower(), ATOM, "bool", is_open=True)
            case tree.Variable():
                known = self._scope.find(node)
                return Value(known.name, ATOM, known.base, known.is_open, None, known.sizes)
            case tree.Element():
                return self._element(node)
            case tree.Unary():
                operand = self.translate(node.operand)
                if operand.number is not None:
                    return _literal(operand, ~operand.number, operand.base)
                text = node.operator + operand.at(PREFIX)
                return Value(text, PREFIX, operand.base, operand.is_open)
            case tree.Binary():
                return self._binary(node)
            case tree.Choice():
                return self._choice(node)
            case tree.Call():
                if self.signature(node).changed:
                    message = f"`{node.name}` changes an array, so it can't stand in an expression"
                    raise untranslated(message, node)
                return self.call(node)

    def signature(self, call: tree.Call) -> Signature:
        """Return the function that is called. Raises EzError if there is none, or it doesn't fit"""
        if call.name not in self._functions:
            raise untranslated(f"there is no function `{call.name}` above", call)
        found = self._functions[call.name]
        wanted, given = len(found.function.parameters), len(call.arguments)
        if wanted != given:
            message = f"`{call.name}` has {wanted} parameters, and is called with {given} arguments"
            raise untranslated(message, call)
        return found

    def call(self, node: tree.Call) -> Value:
        """Return a call in Ez, also of a function that changes arrays."""
        signature = self.signature(node)
        sizes, arguments = [], []
        for parameter, given in zip(signature.function.parameters, node.arguments, strict=True):
            value = self.translate(given)
            if parameter.name in signature.sizes:
                sizes.append(value.text)
            elif parameter.type.sizes:
                arguments.append(value.text)
            else:
                arguments.append(typed(value, parameter.type.base).text)
        given_sizes = f"::<{', '.join(sizes)}>" if sizes else ""
        result = signature.function.result
        text = f"{item_in_ez(node.name)}{given_sizes}({', '.join(arguments)})"
        return Value(text, ATOM, "bool" if result is None else result.base)

    def _element(self, node: tree.Element) -> Value:
        array = self.translate(node.array)
        if not array.sizes:
            raise untranslated("this is no array, and has no elements", node.array)
        index = self.translate(node.index)
        return Value(f"{array.at(ATOM)}[{index.text}]", ATOM, array.base, sizes=array.sizes[1:])

    def _choice(self, node: tree.Choice) -> Value:
        condition = self.translate(node.condition)
        yes, no = self.translate(node.yes), self.translate(node.no)
        base = _joined(yes, no)
        sides = typed(yes, base).text, typed(no, base).at(CHOICE)
        text = f"{condition.at(OR)} ? {sides[0]} : {sides[1]}"
        return Value(text, CHOICE, base, yes.is_open and no.is_open)

    def _binary(self, node: tree.Binary) -> Value:
        left, right = self.translate(node.left), self.translate(node.right)
        if node.operator in ("<<", ">>", ">>>"):
            return self._shift(node, left, right)
        if node.operator == "^^":
            return self._power(node, left, right)
        name, strength = _OPERATORS[node.operator]
        base = _joined(left, right)
        left, right = typed(left, base), typed(right, base)
        loose = strength + 1 if strength == ORDER else strength
        text = f"{left.at(loose)} {name} {right.at(strength + 1)}"
        folded = self._folded(node, left, right, base, text, strength)
        if folded is not None:
            return folded
        result = "bool" if strength == ORDER else base
        return Value(text, strength, result, left.is_open and right.is_open)

    def _folded(
        self, node: tree.Binary, left: Value, right: Value, base: str, text: str, strength: int
    ) -> Value | None:
        """Return a literal made of literals: as written, or its number if it wraps around."""
        x, y, compute = left.number, right.number, _FOLDED.get(node.operator)
        if x is None or y is None or compute is None or base == "bool":
            return None
        if node.operator in "/%" and y == 0:
            raise untranslated("this divides by zero", node)
        exact = compute(x, y)
        number = _wrapped(exact, base)
        if number == exact:
            return Value(text, strength, base, is_open=True, number=number)
        return Value(str(number), PREFIX if number < 0 else ATOM, base, is_open=True, number=number)

    def _shift(self, node: tree.Binary, left: Value, right: Value) -> Value:
        unsigned = f"u{left.base.removeprefix('u')}"
        sign = "<<" if node.operator == "<<" else ">>"
        if node.operator == ">>>" and left.base != unsigned:
            shifted = _cast(left, unsigned) if not left.is_open else _unsigned(left, unsigned)
            return Value(f"{left.base}({shifted.at(SHIFT)} >> {right.at(SUM)})", ATOM, left.base)
        if left.number is not None and right.number is not None and 0 <= right.number < 64:
            text = f"{left.at(SHIFT)} {sign} {right.at(SUM)}"
            short = replace(node, operator=sign)
            return self._folded(short, left, right, left.base, text, SHIFT) or left
        if left.is_open and not right.is_open:
            left = Value(f"{left.base}({left.text})", ATOM, left.base)
        return Value(f"{left.at(SHIFT)} {sign} {right.at(SUM)}", SHIFT, left.base, left.is_open)

    def _power(self, node: tree.Binary, left: Value, right: Value) -> Value:
        if right.number is not None and right.number < 0:
            raise untranslated("a power of integers has no negative exponent", node.right)
        base = _joined(left, right)
        left, right = typed(left, base), typed(right, base)
        if left.number is not None and right.number is not None:
            number = _wrapped(pow(left.number, right.number, 1 << 64), base)
            return _literal(Value("", ATOM, base), number, base)
        if right.is_open:  # a constant, as `**` asks for
            return Value(f"{left.at(ATOM)} ** {right.at(ATOM)}", POWER, base, left.is_open)
        self._powers.add(base)
        return Value(f"power_{base}({left.text}, {right.text})", ATOM, base)


def _unsigned(value: Value, base: str) -> Value:
    number = None if value.number is None else _wrapped(value.number, base)
    return Value(f"{base}({value.text if number is None else number})", ATOM, base)

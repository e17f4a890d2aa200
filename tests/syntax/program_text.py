"""Random programs as text: every form of the grammar, with odd spacing and comments.

The text is made as tokens, joined by blanks, line ends and comments, so that the
formatter sees layouts that nobody would write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

NAMES = ["a", "b2", "long_name_of_a_variable", "Point", "_x", "int8x"]
ATOMS = [*NAMES, "0", "42", "0x2a", "0b101", "1_000", "18446744073709551615", "true", "false"]
TYPES = ["bool", "int8", "uint64", "Point", "geo . Point"]
LABELS = ["", "", "public", "secret", "@ alice"]
BINARY = ["+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "&&", "||"]
COMPARING = ["==", "!=", "<", "<=", ">", ">="]
ASSIGNING = ["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^="]
GAPS = [
    *[" "] * 12,
    "\n",
    "\n\n\n",
    "  // remark\n",
    "\n// line\n",
    "\n/// doc\n",
    " /* in */ ",
    "\n/* two\n  lines */",
]


def program_text(random: Random) -> str:
    """Return a program without syntax errors."""
    words = " ".join(Writer(random).item() for _ in range(random.randint(0, 4))).split(" ")
    gaps = [random.choice(GAPS) for _ in range(random.randint(1, 60))]
    return "".join(w.replace("~~", " ") + gaps[i % len(gaps)] for i, w in enumerate(words) if w)


@dataclass
class Writer:
    """Writes tokens with a blank between two; `~~` stands for a blank in a string."""

    random: Random

    def several(self, make: Callable[[], str], low: int, high: int, between: str = " ") -> str:
        """Return `low` to `high` of what `make` returns."""
        return between.join(make() for _ in range(self.random.randint(low, high)))

    def name(self) -> str:
        return self.random.choice(NAMES)

    def expression(self, depth: int = 3) -> str:
        """Return an expression that may stand anywhere."""
        if depth == 0 or self.random.random() < 0.3:
            return self.random.choice(ATOMS)

        def inner() -> str:
            return self.operand(depth - 1)

        def binary() -> str:
            return self.random.choice(BINARY)

        match self.random.randrange(5):
            case 0:
                return inner()
            case 1:
                return f"{inner()} {binary()} {inner()}"
            case 2:
                return f"{inner()} {binary()} {inner()} {binary()} {inner()} - 1"
            case 3:
                return f"{inner()} {self.random.choice(COMPARING)} {inner()}"
            case _:
                chosen = f"{self.expression(depth - 1)} : {self.expression(depth - 1)}"
                return f"{inner()} ? {chosen}"

    def operand(self, depth: int) -> str:
        """Return an expression that may be an operand of any operator."""

        def inner() -> str:
            return self.expression(depth)

        def few() -> str:
            return self.several(inner, 0, 4, " , ")

        numbers = " , ".join(str(self.random.randrange(10**6)) for _ in range(30))
        forms: list[Callable[[], str]] = [
            lambda: f"( {inner()} )",
            lambda: f"- {self.name()}",
            lambda: f"! ~ ( {inner()} )",
            lambda: f"{self.name()} [ {inner()} ]",
            lambda: f"{self.name()} [ {inner()} .. ] [ .. {inner()} ] [ .. ]",
            lambda: f"{self.name()} . x . y",
            lambda: f"{self.name()} ( {few()} )",
            lambda: f"stats . f ( {inner()} , )",
            lambda: f"{self.name()} :: < 4 , n + 1 > ( {few()} )",
            lambda: f"int32 ( {inner()} )",
            lambda: f"[ {few()} ]",
            lambda: f"[ {numbers} , ]",
            lambda: f"{self.name()} {{ x : {inner()} , y : {inner()} }}",
            lambda: 'input ( alice , "in~~//~~it" )',
            lambda: f"reveal ( {inner()} )",
            lambda: f"reveal ( {inner()} , bob )",
        ]
        return self.random.choice(forms)()

    def type(self) -> str:
        sizes = self.random.choice(["", "", "[ n ]", f"[ 2 ] [ {self.expression(1)} ]"])
        return f"{self.random.choice(TYPES)} {sizes}"

    def declared(self) -> str:
        """Return label, type and name."""
        return f"{self.random.choice(LABELS)} {self.type()} {self.name()}"

    def block(self, depth: int) -> str:
        return f"{{ {self.several(lambda: self.statement(depth), 0, 3)} }}"

    def statement(self, depth: int = 2) -> str:
        """Return a statement."""
        value = self.expression
        forms: list[Callable[[], str]] = [
            lambda: f"{self.declared()} ;",
            lambda: f"{self.declared()} = {value()} ;",
            lambda: f"let {self.name()} = {value()} ;",
            lambda: f"a [ {value(1)} ] . x {self.random.choice(ASSIGNING)} {value()} ;",
            lambda: f"{self.name()} = {value()} ;",
            lambda: f"return {value()} ;",
            lambda: "return ;",
            lambda: f'output ( all , {value()} , "out~~\\"~~it" ) ;',
            lambda: f'assert ( {value()} , "what~~/*~~holds" ) ;',
            lambda: f"f ( {value()} ) ;",
        ]
        if depth > 0 and self.random.random() < 0.4:

            def body() -> str:
                return self.block(depth - 1)

            forms = [
                body,
                lambda: f"if {value()} {body()}",
                lambda: f"if {value()} {body()} else {body()}",
                lambda: f"if {value()} {body()} else if a {body()} else {{ }}",
                lambda: f"for i in {value()} .. {value()} {body()}",
                lambda: f"for x in {value()} {body()}",
                lambda: f"while {value()} {body()}",
            ]
        return self.random.choice(forms)()

    def item(self) -> str:
        """Return an item of a file."""

        def parameters() -> str:
            return self.several(self.declared, 0, 5, " , ")

        def fields() -> str:
            return self.several(lambda: f"{self.declared()} ;", 1, 3)

        def result() -> str:
            return self.random.choice(["", f"-> {self.random.choice(LABELS)} {self.type()}"])

        forms = [
            lambda: f"party {self.name()} , bob ;",
            lambda: f"import {self.name()} ;",
            lambda: f"param {self.type()} {self.name()} = {self.expression()} ;",
            lambda: f"const {self.name()} = {self.expression()} ;",
            lambda: f"struct {self.name()} {{ {fields()} }}",
            lambda: f"fn f ( {parameters()} ) {result()} {self.block(2)}",
            lambda: f"fn f < k , l > ( {parameters()} ) {self.block(2)}",
        ]
        return self.random.choice(forms)()

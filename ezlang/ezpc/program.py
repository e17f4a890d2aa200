"""A whole EzPC program as the text of an Ez program."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.recursion import deep_recursion
from ezlang.source import Source

from . import tree
from .effects import Signature, signatures, untranslated
from .expressions import Expressions, typed
from .reader import read
from .scope import Known, Scope, item_in_ez, name_in_ez
from .statements import Comments, Statements, struct_of

_POWER = """
fn power_{base}(public {base} x, public {base} exponent) -> public {base} {{
    {base} result = 1;
    for i in 0..exponent {{
        result *= x;
    }}
    return result;
}}
"""


def translate(source: Source) -> str:
    """Return an EzPC program in Ez, before it is formatted.

    Raises EzError where it can't be read (EZ7001), or has no translation (EZ7002).
    """
    try:
        with deep_recursion():
            return _translated(read(source))
    except RecursionError:
        message = "an expression of the program nests too deeply"
        raise EzError(Diagnostic(code="EZ7001", message=message, span=None)) from None


def _translated(program: tree.Program) -> str:
    functions = signatures(program)
    main = functions.get("main")
    if main is None or main.function.parameters or main.function.result is not None:
        span = main.function if main else program.items[0]
        raise untranslated("a program begins in `def void main()`", span)
    return _Translation(program, functions).text()


class _Translation:
    def __init__(self, program: tree.Program, functions: dict[str, Signature]) -> None:
        self._program = program
        self._functions = functions
        self._comments = Comments(program.comments)
        self._constants: dict[str, Known] = {}
        self._powers: set[str] = set()

    def text(self) -> str:
        first = self._comments.before(self._program.items[0].span.start)
        lines = [*first, "", "party server, client;", ""]
        for item in self._program.items:
            above = self._comments.before(item.span.start)
            if isinstance(item, tree.Constant):
                lines += [*above, self._constant(item)]
            elif isinstance(item, tree.Function):
                lines += ["", *self._function(item, above)]
        lines += [_POWER.format(base=base) for base in sorted(self._powers)]
        lines += self._comments.before(len(self._program.items[0].span.source.text))
        return "\n".join(lines) + "\n"

    def _constant(self, item: tree.Constant) -> str:
        expressions = Expressions(Scope(self._constants), self._functions, self._powers)
        value = typed(expressions.translate(item.value), item.base)
        known = Known(item_in_ez(item.name), item.base)
        self._constants[item.name] = known
        base = "fixed" if item.base == "float" else item.base
        return f"const {base} {known.name} = {value.text};"

    def _function(self, item: tree.Function, above: list[str]) -> list[str]:
        signature = self._functions[item.name]
        body = Statements(item, self._functions, self._constants, self._comments, self._powers)
        own = [p.name for p in item.parameters if p.name in signature.sizes]
        sizes = f"<{', '.join(name_in_ez(name) for name in own)}>" if own else ""
        # Sizes first: the types of the other parameters are made of them.
        ordered = sorted(item.parameters, key=lambda p: p.name not in signature.sizes)
        written = [body.parameter(parameter) for parameter in ordered]
        parameters = ", ".join(one for one in written if one is not None)
        struct, result = self._result(item, signature, body)
        head = f"fn {item_in_ez(item.name)}{sizes}({parameters}){result} {{"
        return [*struct, *above, head, *body.body(), "}"]

    def _result(
        self, item: tree.Function, signature: Signature, body: Statements
    ) -> tuple[list[str], str]:
        """Return a struct, if results need one, and the type of the result as it is written."""
        arrays = body.changed_types()
        if not arrays:
            return [], "" if item.result is None else f" -> {body.type(item.result)}"
        if len(arrays) == 1:
            return [], f" -> {arrays[0][0]}"
        labels = {kind.split()[0] for kind, _ in arrays}
        if signature.sizes or len(labels) > 1:
            message = (
                f"`{item.name}` changes {len(arrays)} arrays of sizes or labels that no struct of "
                "Ez can have together"
            )
            raise untranslated(message, item, "make one function of it for each array")
        fields = [f"{kind.split(' ', 1)[1]} {name};" for kind, name in arrays]
        name = struct_of(item.name)
        return [f"struct {name} {{", *fields, "}", ""], f" -> {labels.pop()} {name}"

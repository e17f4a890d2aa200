"""Short ways to parse in tests."""

from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.source import Source
from ezlang.syntax import tree
from ezlang.syntax.parser import parse


def parsed(text: str) -> tree.Module:
    """Parse a correct file."""
    module, diagnostics = parsed_with_errors(text)
    assert [d.message for d in diagnostics.sorted] == []
    return module


def parsed_with_errors(text: str) -> tuple[tree.Module, Diagnostics]:
    """Parse a file that may have errors."""
    diagnostics = Diagnostics()
    return parse(Source("prog.ez", text), diagnostics), diagnostics


def statement(text: str) -> tree.Statement:
    """Parse one statement."""
    item = parsed(f"fn f() {{ {text} }}").items[0]
    assert isinstance(item, tree.FunctionItem)
    assert len(item.body.statements) == 1
    return item.body.statements[0]


def expression(text: str) -> tree.Expr:
    """Parse one expression."""
    found = statement(f"let it = {text};")
    assert isinstance(found, tree.Let)
    return found.value


def shape(expr: tree.Node | None) -> str:
    """Return an expression with a bracket for every node."""
    match expr:
        case None:
            return ""
        case tree.IntLiteral(value=value):
            return str(value)
        case tree.BoolLiteral(value=value):
            return str(value).lower()
        case tree.StringLiteral(value=value):
            return repr(value)
        case tree.Variable(name=name):
            return name.text
        case tree.Name(text=text):
            return text
        case tree.Unary(operator=operator, operand=operand):
            return f"({operator}{shape(operand)})"
        case tree.Binary(operator=operator, left=left, right=right):
            return f"({shape(left)} {operator} {shape(right)})"
        case tree.Conditional(condition=c, then=then, otherwise=otherwise):
            return f"({shape(c)} ? {shape(then)} : {shape(otherwise)})"
        case tree.Index(base=base, index=index):
            return f"({shape(base)}[{shape(index)}])"
        case tree.Slice(base=base, low=low, high=high, step=step):
            every = "" if step is None else f" : {shape(step)}"
            return f"({shape(base)}[{shape(low)}..{shape(high)}{every}])"
        case tree.Member(base=base, name=name):
            return f"({shape(base)}.{name.text})"
        case tree.Call(callee=callee, sizes=sizes, arguments=arguments):
            explicit = f"<{', '.join(map(shape, sizes))}>" if sizes else ""
            return f"({shape(callee)}{explicit}({', '.join(map(shape, arguments))}))"
        case tree.ArrayLiteral(elements=elements):
            return f"[{', '.join(map(shape, elements))}]"
        case tree.StructLiteral(name=name, fields=fields):
            inside = ", ".join(f"{f.name.text}: {shape(f.value)}" for f in fields)
            return f"{name.text}{{{inside}}}"
        case tree.Input(name=name, turn=turn):
            last = "" if turn is None else f", {shape(turn)}"
            return f"input({expr.giver}, {shape(name)}{last})"
        case tree.Reveal(value=value, to=to):
            return f"reveal({shape(value)}, {shape(to)})"
        case _:
            return type(expr).__name__

"""Statements of EzPC as lines of Ez, without their layout, which `ezlang fmt` gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from ezlang.records import dataclass

from . import tree
from .effects import (
    Signature,
    assigned,
    changed_by,
    names,
    root,
    size_names,
    untranslated,
)
from .expressions import SUM, Expressions, base_in_ez, closed, typed
from .scope import Known, Scope, name_in_ez

_PARTIES = {"SERVER": "server", "CLIENT": "client", "ALL": "all"}


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop around a statement: its variable, and its bounds, in Ez."""

    name: str
    low: str
    trips: str


class Comments:
    """The comments of a file, in order, to be written before what follows them."""

    def __init__(self, comments: Iterable[tree.Comment]) -> None:
        self._left = list(comments)

    def before(self, start: int) -> list[str]:
        """Return the lines of those comments before this place that weren't returned yet."""
        lines: list[str] = []
        while self._left and self._left[0].start < start:
            lines.extend(f"// {line}".rstrip() for line in self._left.pop(0).lines)
        return lines


class Statements:
    """Translates the body of one function."""

    def __init__(
        self,
        function: tree.Function,
        functions: Mapping[str, Signature],
        constants: dict[str, Known],
        comments: Comments,
        powers: set[str],
    ) -> None:
        self._function = function
        self._functions = functions
        self._own = functions[function.name]
        self._comments = comments
        self._scope = Scope(constants)
        self._expressions = Expressions(self._scope, functions, powers)
        self._assigned = assigned(function.body, functions)
        self._sizes = size_names(function, functions)
        self._loops: list[_Loop] = []
        self._loops_end_here = True
        self._before: list[str] = []
        self._after: list[str] = []
        self._outputs: dict[str, set[str]] = {}

    # The parts of the function's head, in the order in which they are needed.

    def parameter(self, parameter: tree.Parameter) -> str | None:
        """Declare a parameter and return it; None for one that is a size in Ez."""
        if parameter.name in self._own.sizes:
            if parameter.name in self._assigned:
                message = f"`{parameter.name}` is the size of an array, and is assigned to"
                raise untranslated(message, parameter)
            self._scope.declare(parameter.name, parameter.type.base, is_open=True)
            return None
        sizes = self._sizes_of(parameter.type)
        known = self._scope.declare(parameter.name, parameter.type.base, sizes)
        return f"{self._type(parameter.type, sizes)} {known.name}"

    def body(self) -> list[str]:
        """Return the lines of the body."""
        lines = self._block(self._function.body)
        if self._own.changed and not _returns(self._function.body):
            lines.append(self._returned())
        return lines

    def changed_types(self) -> list[tuple[str, str]]:
        """Return the type and name in Ez of each array that the function changes."""
        found = []
        for parameter in self._function.parameters:
            if parameter.name in self._own.changed:
                sizes = self._sizes_of(parameter.type)
                found.append((self._type(parameter.type, sizes), name_in_ez(parameter.name)))
        return found

    def type(self, written: tree.Type) -> str:
        """Return a type in Ez, with its label."""
        return self._type(written, self._sizes_of(written))

    # Statements

    def _block(self, block: tree.Block) -> list[str]:
        lines: list[str] = []
        for statement in block.statements:
            lines += self._comments.before(statement.span.start)
            lines += self._statement(statement)
        lines += self._comments.before(block.span.end)
        return lines

    def _inner(self, block: tree.Block) -> list[str]:
        self._scope.enter()
        lines = self._block(block)
        self._scope.leave()
        return ["{", *lines, "}"]

    def _statement(self, node: tree.Statement) -> list[str]:
        match node:
            case tree.Declaration():
                return [self._declaration(node)]
            case tree.Assignment():
                place = self._expressions.translate(node.place)
                value = typed(self._expressions.translate(node.value), place.base)
                return [f"{place.text} = {value.text};"]
            case tree.Call():
                return self._call(node)
            case tree.Return():
                return [self._return(node)]
            case tree.Input():
                return [self._input(node)]
            case tree.Output():
                return self._output(node)
            case tree.Block():
                return self._inner(node)
            case tree.For():
                return self._for(node)
            case tree.While():
                condition = self._expressions.translate(node.condition)
                with self._no_loops():
                    return [f"while {condition.text}", *self._inner(node.body)]
            case tree.If():
                return self._if(node)

    def _declaration(self, node: tree.Declaration) -> str:
        sizes = self._sizes_of(node.type)
        value = None
        if node.value is not None:
            value = typed(self._expressions.translate(node.value), node.type.base)
        is_size = node.name in self._sizes and value is not None
        if is_size and value is not None and node.name not in self._assigned:
            known = self._scope.declare(node.name, node.type.base, is_open=value.is_open)
            return f"let {known.name} = {value.text};"
        known = self._scope.declare(node.name, node.type.base, sizes)
        given = "" if value is None else f" = {value.text}"
        return f"{self._type(node.type, sizes)} {known.name}{given};"

    def _return(self, node: tree.Return) -> str:
        if self._own.changed:
            return self._returned()
        if node.value is None or self._function.result is None:
            return "return;"
        value = typed(self._expressions.translate(node.value), self._function.result.base)
        return f"return {value.text};"

    def _returned(self) -> str:
        arrays = [name_in_ez(name) for name in self._own.changed]
        if len(arrays) == 1:
            return f"return {arrays[0]};"
        fields = ", ".join(f"{name}: {name}" for name in arrays)
        return f"return {struct_of(self._function.name)} {{ {fields} }};"

    def _call(self, node: tree.Call) -> list[str]:
        signature = self._expressions.signature(node)
        call = self._expressions.call(node)
        places = changed_by(node, self._functions)
        if not places:
            return [f"{call.text};"]
        self._check_apart(node, signature, places)
        written = [self._expressions.translate(place).text for place in places]
        if len(written) == 1:
            return [f"{written[0]} = {call.text};"]
        made = self._scope.make("changed")
        fields = zip(written, signature.changed, strict=True)
        parts = [f"{place} = {made}.{name_in_ez(name)};" for place, name in fields]
        return [f"let {made} = {call.text};", *parts]

    def _check_apart(
        self, node: tree.Call, signature: Signature, places: tuple[tree.Expr, ...]
    ) -> None:
        """Refuse to pass an array twice if it is changed: the function would see the change."""
        pairs = zip(signature.function.parameters, node.arguments, strict=True)
        arrays = [root(argument) for one, argument in pairs if one.type.sizes]
        for place in places:
            name = root(place)
            if name is None:
                raise untranslated(f"`{node.name}` changes this, which is no variable", place)
            if arrays.count(name) > 1:
                message = f"`{node.name}` changes `{name}`, and gets it twice"
                raise untranslated(message, node, "pass a copy")

    def _if(self, node: tree.If) -> list[str]:
        condition = self._expressions.translate(node.condition)
        with self._no_loops():
            lines = [f"if {condition.text}", *self._inner(node.yes)]
            if node.no is None:
                return lines
            only = node.no.statements[0] if len(node.no.statements) == 1 else None
            if isinstance(only, tree.If):
                return [*lines, "else", *self._if(only)]
            return [*lines, "else", *self._inner(node.no)]

    def _for(self, node: tree.For) -> list[str]:
        changed = assigned(node.body, self._functions) & (names(node.low) | names(node.high))
        if changed:
            message = f"the loop assigns to `{min(changed)}`, which its bounds depend on"
            raise untranslated(message, node, "use `while`")
        low, high = (
            typed(self._expressions.translate(bound), "int32") for bound in (node.low, node.high)
        )
        outermost = not self._loops
        self._scope.enter()
        known = self._scope.declare(node.name, "int32")
        trips = high.text if low.number == 0 else f"{high.at(SUM)} - {low.at(SUM + 1)}"
        self._loops.append(_Loop(known.name, "" if low.number == 0 else low.at(SUM + 1), trips))
        lines = [f"for {known.name} in {low.text}..{high.text}", *self._inner(node.body)]
        self._loops.pop()
        self._scope.leave()
        if outermost:
            lines = [*self._before, *lines, *self._after]
            self._before, self._after = [], []
        return lines

    # Inputs and outputs. In a loop, EzPC reads or writes one value each time; Ez, an array.

    @contextmanager
    def _no_loops(self) -> Iterator[None]:
        """In the block, how often a statement runs isn't known."""
        before, self._loops_end_here = self._loops_end_here, False
        yield
        self._loops_end_here = before

    def _check_counted(self, node: tree.Input | tree.Output) -> None:
        if self._loops and not self._loops_end_here:
            word = "an input" if isinstance(node, tree.Input) else "an output"
            message = f"{word} in a branch or a `while` inside of a loop has no translation"
            raise untranslated(message, node, "read or write an array outside of the loop")

    def _input(self, node: tree.Input) -> str:
        self._check_counted(node)
        sizes = self._sizes_of(node.type)
        # `input(ALL, …)` is a public value; here the server gives it.
        public = node.role == "ALL"
        source = f'input({"server" if public else _PARTIES[node.role]}, "{node.name}")'
        source = f"reveal({source})" if public else source
        if self._loops:
            whole = self._scope.make(f"{name_in_ez(node.name)}_all")
            shape = (*(loop.trips for loop in self._loops), *sizes)
            self._before.append(f"{self._type(node.type, shape)} {whole} = {source};")
            source = f"{whole}{self._turn()}"
        known = self._scope.declare(node.name, node.type.base, sizes)
        return f"{self._type(node.type, sizes)} {known.name} = {source};"

    def _output(self, node: tree.Output) -> list[str]:
        self._check_counted(node)
        value = closed(self._expressions.translate(node.value))
        party = _PARTIES[node.role]
        name = self._output_name(node.value, party)
        if not self._loops:
            return [f'output({party}, {value.text}, "{name}");']
        whole = self._scope.make(f"{name.replace(' ', '_')}_all")
        shape = (*(loop.trips for loop in self._loops), *value.sizes)
        self._before.append(f"secret {base_in_ez(value.base)}{_brackets(shape)} {whole};")
        self._after.append(f'output({party}, {whole}, "{name}");')
        return [f"{whole}{self._turn()} = {value.text};"]

    def _turn(self) -> str:
        """Return the indices of this turn of the loops around."""
        indices = (f"{one.name} - {one.low}" if one.low else one.name for one in self._loops)
        return _brackets(indices)

    def _output_name(self, value: tree.Expr, party: str) -> str:
        """Return a name that no other output to the same receivers has."""
        wanted = root(value) or "result"
        receivers = {"server", "client"} if party == "all" else {party}
        name, number = wanted, 2
        while receivers & self._outputs.get(name, set()):
            name, number = f"{wanted} {number}", number + 1
        self._outputs.setdefault(name, set()).update(receivers)
        return name

    # Types

    def _sizes_of(self, written: tree.Type) -> tuple[str, ...]:
        return tuple(self._expressions.translate(size).text for size in written.sizes)

    def _type(self, written: tree.Type, sizes: tuple[str, ...]) -> str:
        return f"{self._label(written)}{_brackets(sizes)}"

    def _label(self, written: tree.Type) -> str:
        label = "public" if written.label == "pl" else "secret"
        return f"{label} {base_in_ez(written.base)}"


def struct_of(function: str) -> str:
    """Return the name of the struct of all arrays that a function changes."""
    return f"{function[0].upper()}{function[1:]}Arrays"


def _brackets(sizes: Iterable[str]) -> str:
    return "".join(f"[{size}]" for size in sizes)


def _returns(block: tree.Block) -> bool:
    """Whether the block returns on every path."""
    last = block.statements[-1] if block.statements else None
    match last:
        case tree.Return():
            return True
        case tree.Block():
            return _returns(last)
        case tree.If(no=tree.Block() as no):
            return _returns(last.yes) and _returns(no)
        case _:
            return False

"""Makes the index of a file: a walk over its syntax tree with the scopes of the language."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from ezlang.source import Source, Span
from ezlang.syntax import tree

from .index import Definition, Index, Kind, LoadIndex, Use

_ITEMS: dict[type, Kind] = {
    tree.ImportItem: Kind.MODULE,
    tree.ParamItem: Kind.PARAM,
    tree.ConstItem: Kind.CONSTANT,
    tree.StructItem: Kind.STRUCT,
    tree.FunctionItem: Kind.FUNCTION,
}


def index_of(source: Source, module: tree.Module, load: LoadIndex) -> Index:
    """Return the names of a file; `load` returns those of the modules that it imports."""
    walk = _Walk(Index(source, module), load)
    for item in module.items:
        walk.declare(item)
    for item in module.items:
        walk.item(item)
    return walk.index


def children(node: tree.Node) -> Iterator[tree.Node]:
    """Yield the nodes in a node, in the order of its fields."""
    for one in dataclasses.fields(node):
        value = getattr(node, one.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, tree.Node):
                yield part


class _Walk:
    """The walk; `_scopes` has the names of the blocks around the present node."""

    def __init__(self, index: Index, load: LoadIndex) -> None:
        self.index = index
        self._load = load
        self._scopes: list[dict[str, Definition]] = []
        self._ends: list[int] = []

    # Definitions

    def declare(self, item: tree.Item) -> None:
        """Enter an item, before any text that may use it is read."""
        if isinstance(item, tree.PartyItem):
            for name in item.names:
                self._item(Definition(Kind.PARTY, name.text, name.span, item))
            return
        if isinstance(item, tree.ComputeItem):
            return
        self._item(Definition(_ITEMS[type(item)], item.name.text, item.name.span, item))
        if isinstance(item, tree.ImportItem):
            self.index.imports[item.name.text] = self._load(item.name.text, self.index.source)
        if isinstance(item, tree.StructItem):
            fields = self.index.fields.setdefault(item.name.text, {})
            for one in item.fields:
                name = one.name
                made = Definition(Kind.FIELD, name.text, name.span, one, None, item.name.text)
                fields.setdefault(name.text, made)
                self._define(made)

    def _item(self, definition: Definition) -> None:
        self.index.items.setdefault(definition.name, definition)
        self._define(definition)

    def _define(self, definition: Definition) -> None:
        self.index.definitions.append(definition)
        self.index.uses.append(Use(definition.span, definition))

    def _local(self, kind: Kind, name: tree.Name, node: tree.Node) -> None:
        """Define a name that is visible from here to the end of the block."""
        scope = Span(self.index.source, node.span.end, self._ends[-1])
        if kind is not Kind.VARIABLE:
            scope = Span(self.index.source, name.span.end, self._ends[-1])
        made = Definition(kind, name.text, name.span, node, scope)
        self._scopes[-1][name.text] = made
        self._define(made)

    def _find(self, name: str) -> Definition | None:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return self.index.items.get(name)

    # Uses

    def _use(self, name: tree.Name, found: Definition | None) -> None:
        if found is not None:
            self.index.uses.append(Use(name.span, found))

    def _path(self, name: tree.Name) -> None:
        """Use the name of a type, which may have a module's before it."""
        prefix, dot, last = name.text.rpartition(".")
        source, start = name.span.source, name.span.start
        place = tree.Name(span=Span(source, name.span.end - len(last), name.span.end), text=last)
        if not dot:
            self._use(place, self._find(last))
            return
        first = tree.Name(span=Span(source, start, start + len(prefix)), text=prefix)
        self._use(first, self._find(prefix))
        self._member(tree.Variable(span=first.span, name=first), place)

    def _member(self, base: tree.Expr, name: tree.Name) -> None:
        """Use a name after a `.`: that of a module's item or of a field."""
        offered = self._offered(base)
        self.index.offered[name.span.start] = offered
        self._use(name, offered.get(name.text))

    def _offered(self, base: tree.Expr) -> dict[str, Definition]:
        if isinstance(base, tree.Variable) and base.module is None:
            found = self._find(base.name.text)
            if found is not None and found.kind is Kind.MODULE:
                home = self.index.imports.get(base.name.text)
                return home.exports() if home is not None else {}
        struct = self.struct_of(base)
        return struct[0].members(struct[1]) if struct is not None else {}

    # Items, statements and expressions

    def item(self, item: tree.Item) -> None:
        """Find the uses in an item."""
        if not isinstance(item, tree.FunctionItem):
            for one in children(item):
                if not isinstance(one, tree.Name) or isinstance(item, tree.ComputeItem):
                    self._node(one)
            return
        self._open(item.span)
        for size in item.sizes:
            self._local(Kind.SIZE, size, size)
        for parameter in item.parameters:
            self._node(parameter.type)
            if parameter.label is not None:
                self._node(parameter.label)
            self._local(Kind.PARAMETER, parameter.name, parameter)
        for part in (item.return_label, item.return_type, item.body):
            if part is not None:
                self._node(part)
        self._close()

    def _open(self, span: Span) -> None:
        self._scopes.append({})
        self._ends.append(span.end)

    def _close(self) -> None:
        self._scopes.pop()
        self._ends.pop()

    def _nodes(self, nodes: Iterable[tree.Node]) -> None:
        for one in nodes:
            self._node(one)

    def _node(self, node: tree.Node) -> None:
        match node:
            case tree.Block(statements=statements):
                self._open(node.span)
                self._nodes(statements)
                self._close()
            case tree.Declare() | tree.Let():
                self._nodes(one for one in children(node) if not isinstance(one, tree.Name))
                self._local(Kind.VARIABLE, node.name, node)
            case tree.ForRange() | tree.ForEach():
                self._nodes(
                    one for one in children(node) if not isinstance(one, tree.Name | tree.Block)
                )
                self._open(node.span)
                self._local(Kind.LOOP, node.variable, node)
                self._node(node.body)
                self._close()
            case tree.TypeName(name=name):
                self._path(name)
                self._nodes((*node.sizes, *node.bits))
            case tree.StructLiteral(name=name, fields=fields):
                self._path(name)
                struct = self.index.struct(name.text)
                for value in fields:
                    known = struct[0].members(struct[1]) if struct else {}
                    self._use(value.name, known.get(value.name.text))
                    self._node(value.value)
            case tree.StructField():
                self._nodes(one for one in children(node) if not isinstance(one, tree.Name))
            case tree.Variable(name=name, module=module):
                if module is not None:
                    self._use(module, self._find(module.text))
                    self._member(tree.Variable(span=module.span, name=module), name)
                else:
                    self._use(name, self._find(name.text))
            case tree.Member(base=base, name=name):
                self._node(base)
                self._member(base, name)
            case tree.Name():
                self._use(node, self._find(node.text))
            case tree.Attributed(statement=statement):
                self._node(statement)
            case _:
                self._nodes(children(node))

    # Types, as far as the syntax tells them

    def struct_of(self, node: tree.Node | None) -> tuple[Index, Definition] | None:
        """Return the struct that an expression is a value or an array of; None if it isn't known.

        Its file's index comes first.
        """
        match node:
            case tree.Variable(name=name, module=None):
                found = self._find(name.text)
                return self._struct_of_definition(self.index, found) if found else None
            case tree.Member(base=base, name=name):
                struct = self.struct_of(base)
                member = struct[0].members(struct[1]).get(name.text) if struct else None
                return self._struct_of_definition(struct[0], member) if struct and member else None
            case tree.Index(base=base) | tree.Slice(base=base):
                return self.struct_of(base)
            case tree.Conditional(then=then, otherwise=otherwise):
                return self.struct_of(then) or self.struct_of(otherwise)
            case tree.Reveal(value=value):
                return self.struct_of(value)
            case tree.StructLiteral(name=name):
                return self.index.struct(name.text)
            case tree.ArrayLiteral(elements=elements):
                return self.struct_of(elements[0]) if elements else None
            case tree.Call(callee=callee):
                return self._struct_of_call(callee)
            case _:
                return None

    def _struct_of_call(self, callee: tree.Expr) -> tuple[Index, Definition] | None:
        home: Index | None = self.index
        match callee:
            case tree.Member(base=tree.Variable(name=module), name=name):
                home = self.index.imports.get(module.text)
            case tree.Variable(name=name, module=module) if module is not None:
                home = self.index.imports.get(module.text)
            case tree.Variable(name=name):
                pass
            case _:
                return None
        function = home.items.get(name.text) if home is not None else None
        if home is None or function is None or not isinstance(function.node, tree.FunctionItem):
            return None
        returned = function.node.return_type
        return home.struct(returned.name.text) if returned is not None else None

    def _struct_of_definition(
        self, home: Index, definition: Definition
    ) -> tuple[Index, Definition] | None:
        match definition.node:
            case tree.Declare(type=type) | tree.Parameter(type=type) | tree.StructField(type=type):
                return home.struct(type.name.text)
            case tree.ConstItem(type=type, value=value):
                return home.struct(type.name.text) if type is not None else self.struct_of(value)
            case tree.Let(value=value):
                return self.struct_of(value)
            case tree.ForEach(iterable=iterable):
                return self.struct_of(iterable)
            case _:
                return None

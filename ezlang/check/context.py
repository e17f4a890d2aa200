"""The context of checking: the program as a whole (`World`) and one function body (`Body`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Protocol

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, Label
from ezlang.types.scalars import Setting
from ezlang.types.types import Type

from .evaluation import Steps
from .items import FunctionInfo, ModuleInfo, PartyInfo, StructInfo
from .messages import names as errors_names
from .messages import programs as errors_programs
from .parameters import ElementName, ShapeName, Size, SizeName, size_text
from .program_counter import Branch, ProgramCounter
from .provenance import Traced, Why, combine
from .untyped import Constant, Value

MAX_DEPTH = 500
"""The limit on the nesting of calls, constants and structs, so that all stages can recurse."""


@dataclass(slots=True, eq=False, kw_only=True)
class Local:
    """A variable of a function; `type` is None if its declaration was wrong.

    The label is inferred if there is a `slot` that keeps it between the passes over the body.
    `depth` is the number of branches that the variable was declared in.
    """

    name: str
    span: Span
    id: int
    type: Type | None
    label: Label
    why: Why | None
    depth: int
    slot: int | None = None
    fixed: str | None = None
    constant: Constant | None = None
    variable: typed.Variable | None = None

    @property
    def traced(self) -> Traced:
        """The label with its reason."""
        return Traced(self.label, self.why)

    def resolved(self) -> typed.Variable:
        """Return the node for the variable with its present label."""
        assert self.type is not None
        if self.variable is None or self.variable.label != self.label:
            self.variable = typed.Variable(
                span=self.span, id=self.id, name=self.name, type=self.type, label=self.label
            )
        return self.variable


@dataclass(slots=True, eq=False)
class LoopParty:
    """The variable of a loop over the parties, which stands for one of them."""

    name: str
    span: Span
    index: int


LocalName = Local | LoopParty | SizeName | ShapeName | ElementName


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """An effect of a function that is not allowed in a branch on a condition that is not public."""

    what: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An `input`: its owner (None: all), name, and type; it may be given in turns."""

    party: int | None
    name: str
    type: Type
    turned: bool
    span: Span


@dataclass(slots=True, eq=False, kw_only=True)
class Instance:
    """A function for given sizes, argument labels and label of the program counter.

    `node` is None if something in the function was wrong, `return_type` if its head was. Of the
    `callees`, only the `live` ones are called by code that may run.
    """

    function: FunctionInfo
    name: str
    parameters: tuple[Local, ...]
    return_type: Type | None
    returned: Traced
    pc: Label
    effect: Effect | None
    node: typed.Function | None
    callees: tuple[Instance, ...]
    live: tuple[Instance, ...]
    inputs: tuple[Given, ...]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A function's head for given sizes; None stands for a type that is wrong, or for no label."""

    function: FunctionInfo
    sizes: tuple[Size, ...]
    types: tuple[Type | None, ...]
    labels: tuple[Label | None, ...]
    return_type: Type | None
    return_label: Label | None


class Rules(Protocol):
    """The functions of the checker that its mutually recursive modules call."""

    def evaluate(self, body: Body, node: syntax.Expr) -> Value:
        """Check an expression."""

    def call(
        self,
        body: Body,
        signature: Signature,
        arguments: tuple[Traced, ...],
        span: Span,
    ) -> Instance | None:
        """Return the instance for a call; None if the function is recursive."""


@dataclass(slots=True, eq=False)
class World:
    """The state that all functions of a program share while it is checked.

    `depth` is the number of nested items that are being checked; constants call `computing`, and
    have these `steps`."""

    rules: Rules
    settings: Mapping[str, Setting]
    parties: tuple[str, ...] = ()
    program: ModuleInfo | None = None
    instances: dict[object, Instance] = field(default_factory=dict)
    signatures: dict[object, Signature] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    active: list[tuple[FunctionInfo, Span]] = field(default_factory=list)
    open_structs: list[StructInfo] = field(default_factory=list)
    cycles: set[frozenset[FunctionInfo]] = field(default_factory=set)
    computing: list[Instance] = field(default_factory=list)
    steps: Steps = field(default_factory=Steps)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    variables: int = 0
    depth: int = 0
    too_deep: bool = False

    @contextmanager
    def deeper(self, name: syntax.Name) -> Iterator[bool]:
        """Enter an item; yield whether its nesting is within the limit, reporting it once."""
        self.depth += 1
        fine = self.depth <= MAX_DEPTH
        if not fine and not self.too_deep:
            self.too_deep = True
            self.diagnostics.append(errors_names.nests_too_deep(name, MAX_DEPTH))
        yield fine
        self.depth -= 1

    def next_id(self) -> int:
        """Return a new, unique number for a variable."""
        self.variables += 1
        return self.variables


class Body:
    """One pass over one function body, or over a constant or type outside of functions.

    `labels` keeps the inferred labels from pass to pass; `lowered` says that this pass found a
    label lower than the one it had used, so that another pass is needed. The present statement
    certainly runs exactly once if `straight`, and at least once if `certain`. `quiet_sizes`
    silences errors that depend on sizes: in code that never runs, and in functions that are never
    called, whose sizes are made up. `head_of` is the function whose head is being checked.
    """

    def __init__(
        self,
        world: World,
        module: ModuleInfo,
        labels: dict[int, Traced] | None = None,
        *,
        in_function: bool = False,
        quiet_sizes: bool = False,
    ) -> None:
        self.world = world
        self.module = module
        self.in_function = in_function
        self.quiet_sizes = quiet_sizes
        self.exact_constants = False
        self.labels = {} if labels is None else labels
        self.lowered = False
        self.pc = ProgramCounter()
        self.diagnostics: list[Diagnostic] = []
        self.callees: dict[Instance, bool] = {}
        self.effect: Effect | None = None
        self.prologue: list[typed.Statement] = []
        self.hoisted: dict[object, Local] = {}
        self.inputs: list[Given] = []
        self.signature: Signature | None = None
        self.head_of: str | None = None
        self.called: Span | None = None
        self.returned = self.labels.get(0, Traced(PUBLIC))
        self.outputs: dict[tuple[int, str], Span] = {}
        self.straight = False
        self.certain = False
        self.ended: dict[str, Span] = {}
        self._names: dict[str, LocalName] = {}
        self._scopes: list[list[str]] = [[]]
        self._slots = 0

    def value(self, node: syntax.Expr) -> Value:
        """Check an expression."""
        return self.world.rules.evaluate(self, node)

    # Reporting

    def report(self, diagnostic: Diagnostic) -> None:
        """Report an error; in a function for any element type, it may be due to this one."""
        sizes = () if self.signature is None else self.signature.sizes
        of_any_type = not all(isinstance(size, int | tuple) for size in sizes)
        self.diagnostics.append(self._in_call(diagnostic) if of_any_type else diagnostic)

    def report_size(self, diagnostic: Diagnostic) -> None:
        """Report an error that depends on a size or a constant, unless those are silenced."""
        if not self.quiet_sizes:
            self.diagnostics.append(self._in_call(diagnostic))

    def _in_call(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return an error with a note of the sizes and types in this instance of a function."""
        if self.quiet_sizes or self.signature is None or not self.signature.sizes:
            return diagnostic
        named = zip(self.signature.function.node.sizes, self.signature.sizes, strict=True)
        sizes = ", ".join(f"`{name.text}` = {size_text(size)}" for name, size in named)
        note = Note(message=f"This happens in this call, with {sizes}", span=self.called)
        return replace(diagnostic, notes=(*diagnostic.notes, note))

    @contextmanager
    def never_run(self, dead: bool = True) -> Iterator[None]:
        """Check code that never runs, where errors that depend on sizes are irrelevant."""
        before = self.quiet_sizes
        self.quiet_sizes = before or dead
        yield
        self.quiet_sizes = before

    @contextmanager
    def not_straight(self, *, certain: bool = False) -> Iterator[None]:
        """Check statements that may not run exactly once; `certain` if at least once."""
        before, self.straight = (self.straight, self.certain), False
        self.certain = self.certain and certain
        yield
        self.straight, self.certain = before

    @contextmanager
    def exact(self) -> Iterator[None]:
        """Read constants as exact integers, as in sizes."""
        before, self.exact_constants = self.exact_constants, True
        yield
        self.exact_constants = before

    # Names

    def find(self, name: str) -> LocalName | None:
        """Return the meaning of a name inside the function."""
        return self._names.get(name)

    @property
    def visible(self) -> list[str]:
        """Return all names inside the function."""
        return list(self._names)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Open a scope: names declared in it end with it."""
        self._scopes.append([])
        yield
        for name in self._scopes.pop():
            self.ended[name] = self._names.pop(name).span

    def bind(self, name: syntax.Name, local: LocalName) -> None:
        """Declare a name until its scope ends; a duplicate is reported."""
        before = self._names.get(name.text)
        if before is not None:
            self.report(errors_names.hides_local(name, before.span))
            return
        self._names[name.text] = local
        self._scopes[-1].append(name.text)

    def party(self, name: syntax.Name) -> int | None:
        """Return a party's number; an unknown one is reported."""
        local = self._names.get(name.text)
        if isinstance(local, LoopParty):
            return local.index
        item = self.module.items.get(name.text)
        if isinstance(item, PartyInfo):
            return item.index
        if not self.module.is_program:
            self.report(errors_programs.party_in_module(name))
            return None
        loops = [n.name for n in self._names.values() if isinstance(n, LoopParty)]
        self.report(errors_names.unknown_party(name, [*self.world.parties, *loops]))
        return None

    # Variables

    def new_local(
        self,
        name: syntax.Name,
        type: Type | None,
        traced: Traced,
        *,
        inferred: bool,
        fixed: str | None = None,
        constant: Constant | None = None,
    ) -> Local:
        """Return a declared variable; if its label is inferred, it may still be lowered."""
        slot = None
        if inferred:
            self._slots += 1
            slot = self._slots
            traced = combine(traced, self.labels.get(slot, Traced(PUBLIC)))
        return Local(
            name=name.text,
            span=name.span,
            id=self.world.next_id(),
            type=type,
            label=traced.label,
            why=traced.why,
            depth=self.pc.depth,
            slot=slot,
            fixed=fixed,
            constant=constant,
        )

    def hidden(self, name: str, span: Span, type: Type, traced: Traced) -> Local:
        """Return a variable that has no name in the program."""
        return self.new_local(syntax.Name(span=span, text=name), type, traced, inferred=False)

    def lower(self, local: Local, traced: Traced) -> None:
        """Lower an inferred label to its meet with another."""
        assert local.slot is not None
        met = combine(local.traced, traced)
        if met.label != local.label:
            self.labels[local.slot] = met
            local.label, local.why = met.label, met.why
            self.lowered = True

    # Branches

    @contextmanager
    def branch(self, branch: Branch | None) -> Iterator[None]:
        """Enter a branch; None for a branch on a public condition."""
        if branch is None:
            yield
            return
        self.pc.branches.append(branch)
        yield
        self.pc.branches.pop()

    def name_label(self, label: Label) -> str:
        """Return a label as it is written."""
        return label.name(self.world.parties)

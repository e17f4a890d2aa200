"""Labels of whole values, and the program counter: the branches that a statement is in."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, SECRET, Label, owned
from ezlang.types.types import ArrayType, Field, StructType, Type

from .provenance import Traced, Why, combine
from .untyped import Typed


class BranchKind(Enum):
    """The kind of a branch, as messages name it."""

    IF = "`if`"
    WHILE = "`while`"
    FOR = "`for`"
    CHOICE = "`? :`"
    LOGIC = "`&&` or `||`"
    CALL = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch whose condition is not public: its label, place and reason.

    `alone`: only the label's owner runs the branch. `selects`: both sides are computed whatever the
    condition, so that only effects are forbidden in it.
    """

    kind: BranchKind
    label: Label
    span: Span
    why: Why | None
    alone: bool
    selects: bool = False


class OpenLoop:
    """A loop whose body is being checked: the number of branches around the body, and the exits.

    `exits` has one for `break` and one for `continue` if the body contains these.
    """

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.exits: dict[str, typed.Exit] = {}


class ProgramCounter:
    """The stack of branches on non-public conditions around a place in a function, and of loops."""

    def __init__(self) -> None:
        self.branches: list[Branch] = []
        self.loops: list[OpenLoop] = []

    @property
    def depth(self) -> int:
        """The number of branches; they don't restrict a variable that is declared now."""
        return len(self.branches)

    @property
    def alone(self) -> int | None:
        """The party that runs this alone, if there is one."""
        return next((b.label.owner for b in self.branches if b.alone), None)

    @property
    def label(self) -> Label:
        """The label of the program counter for a function called here."""
        alone = self.alone
        if alone is not None:
            return owned(alone)
        return SECRET if self.branches else PUBLIC

    @property
    def innermost(self) -> Branch | None:
        """The innermost branch other than the one in which the whole function is called."""
        inner = [b for b in self.branches if b.kind is not BranchKind.CALL]
        return inner[-1] if inner else None

    def since(self, depth: int) -> Traced:
        """Return the label of the branches entered since there were `depth`."""
        result = Traced(PUBLIC)
        for branch in self.branches[depth:]:
            if not branch.selects:
                result = combine(result, Traced(branch.label, branch.why))
        return result


@lru_cache(maxsize=4096)
def _field_labels(type: StructType) -> tuple[bool, tuple[Field, ...]]:
    plain = False
    labelled: list[Field] = []
    for field in type.fields:
        inner_plain, inner_labelled = leaves(field.type)
        labelled.extend(inner_labelled)
        if field.label is None:
            plain = plain or inner_plain
        elif inner_plain:
            labelled.append(field)
    return plain, tuple(labelled)


def leaves(type: Type) -> tuple[bool, tuple[Field, ...]]:
    """Return whether a part of a value has the value's label, and which fields have their own."""
    match type:
        case StructType():
            return _field_labels(type)
        case ArrayType(element=StructType() as element):
            return _field_labels(element)
        case _:
            return True, ()


def labels_in(type: Type, label: Label) -> list[tuple[Label, Field | None]]:
    """Return every label in a value, with the field that it comes from, if any."""
    plain, labelled = leaves(type)
    result: list[tuple[Label, Field | None]] = [(label, None)] if plain else []
    result.extend((field.label, field) for field in labelled if field.label is not None)
    return result


def stricter_field(type: Type, label: Label) -> Field | None:
    """Return a field whose label more parties may read than may know `label`.

    Selecting such a value by something with that label would reveal information about it to them.
    """
    _, labelled = leaves(type)
    for field in labelled:
        if field.label is not None and not label.flows_to(field.label):
            return field
    return None


def shared(value: Typed, label: Label) -> Typed:
    """Return the value with a label that its own label flows to."""
    if value.label == label:
        return value
    node = typed.Relabel(span=value.span, type=value.type, label=label, operand=value.node)
    return Typed(node=node, why=value.why, constant=value.constant)

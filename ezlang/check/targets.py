"""The left sides of assignments, and the labels that may be assigned to them."""

from __future__ import annotations

from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.typed import tree as typed
from ezlang.types.labels import PUBLIC, Label
from ezlang.types.types import ArrayType, Field, Type, array_of

from . import names
from .context import Body, Local, LoopParty
from .elements import field_type, index_chain, index_values, indexed_type, slice_range
from .items import described
from .label_checks import may_hold
from .messages import flow as errors_flow
from .messages import statements as errors_statements
from .messages import structs as errors_structs
from .parameters import ElementName, ShapeName, SizeName
from .program_counter import leaves
from .provenance import Traced, Why, combine
from .untyped import Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A variable or a part of one that is assigned.

    `own_field` is the field with a label of its own that contains the part; `at` is the meet of the
    labels of the indices that select the part.
    """

    span: Span
    local: Local
    steps: tuple[typed.Step, ...]
    type: Type
    own_field: Field | None
    at: Traced

    @property
    def own_label(self) -> Label | None:
        """The label of the part, if it comes from a field."""
        return None if self.own_field is None else self.own_field.label

    @property
    def label(self) -> Label:
        """The label of the part."""
        return self.local.label if self.own_label is None else self.own_label

    @property
    def holder(self) -> errors_flow.Holder:
        """The variable or field that has this label, for messages."""
        if self.own_field is not None:
            return errors_flow.Holder(f"the field `{self.own_field.name}`", None)
        return errors_flow.Holder(f"`{self.local.name}`", self.local.span)

    def place(self) -> typed.AssignmentTarget:
        """Return the node."""
        return typed.AssignmentTarget(
            span=self.span,
            variable=self.local.resolved(),
            steps=self.steps,
            type=self.type,
            label=self.label,
        )


def target(body: Body, node: syntax.Expr) -> Target | None:
    """Check the left side of an assignment; None if it is not a valid one, which is reported."""
    match node:
        case syntax.Variable(module=None):
            return _variable(body, node)
        case syntax.Index():
            return _index(body, node)
        case syntax.Slice():
            return _slice(body, node)
        case syntax.Member():
            return _member(body, node)
        case _:
            return None  # the parser has already reported it


def _variable(body: Body, node: syntax.Variable) -> Target | None:
    local = body.find(node.name.text)
    match local:
        case Local(fixed=None, type=type):
            if type is None:
                return None
            return Target(
                span=node.span,
                local=local,
                steps=(),
                type=type,
                own_field=None,
                at=Traced(PUBLIC),
            )
        case Local(fixed=str() as what):
            body.report(errors_statements.assigned_fixed(node.span, local.name, what, local.span))
        case LoopParty() | SizeName() | ShapeName() | ElementName():
            what = "a party" if isinstance(local, LoopParty) else "a size parameter"
            body.report(errors_statements.assigned_fixed(node.span, local.name, what, local.span))
        case None:
            item = body.module.items.get(node.name.text)
            if item is None:
                names.variable(body, node)
            else:
                what = described(item)
                body.report(errors_statements.assigned_fixed(node.span, node.name.text, what, None))
    return None


def _extended(base: Target, node: syntax.Expr, step: typed.Step, type: Type, at: Traced) -> Target:
    return Target(
        span=node.span,
        local=base.local,
        steps=(*base.steps, step),
        type=type,
        own_field=base.own_field,
        at=combine(base.at, at),
    )


def _index(body: Body, node: syntax.Index) -> Target | None:
    base_node, index_nodes = index_chain(node)
    base = target(body, base_node)
    if base is None:
        for index in index_nodes:
            body.value(index)
        return None
    type = indexed_type(body, base.type, len(index_nodes), node.span)
    checked = index_values(body, index_nodes, base.type)
    if type is None or checked is None:
        return None
    indices, at = checked
    step = typed.IndexStep(span=node.span, indices=tuple([i.node for i in indices]))
    return _extended(base, node, step, type, at)


def _slice(body: Body, node: syntax.Slice) -> Target | None:
    base = target(body, node.base)
    if base is None:
        return None
    bounds = slice_range(body, node, base.type)
    if bounds is None:
        return None
    assert isinstance(base.type, ArrayType)
    type = array_of(base.type.element, (len(bounds.items), *base.type.shape[1:]))
    step = typed.SliceStep(
        span=node.span, start=bounds.start.node, length=bounds.length, step=bounds.step
    )
    return _extended(base, node, step, type, bounds.start.traced)


def _member(body: Body, node: syntax.Member) -> Target | None:
    if isinstance(node.base, syntax.Variable):
        module = names.module_named(body, node.base)
        if module is not None:
            body.report(
                errors_statements.assigned_fixed(node.span, node.span.text, "a module's", None)
            )
            return None
    base = target(body, node.base)
    if base is None:
        return None
    found = field_type(body, base.type, node.name)
    if found is None:
        return None
    _, field = found
    step = typed.FieldStep(span=node.span, name=field.name)
    extended = _extended(base, node, step, field.type, Traced(PUBLIC))
    if field.label is None:
        return extended
    return Target(
        span=node.span,
        local=base.local,
        steps=extended.steps,
        type=field.type,
        own_field=field,
        at=base.at,
    )


# Labels


def admit(body: Body, place: Target, value: Typed, span: Span) -> bool:
    """Return whether a value may be assigned to a place here, and lower inferred labels.

    The label of the value counts, and the branches around the assignment that were entered since
    the variable was declared, and the indices that select the place.
    """
    local = place.local
    branch = body.pc.since(local.depth)
    if not _only_own(body, place, span):
        return False
    chooser = combine(branch, place.at)
    plain, labelled = leaves(place.type)
    for field in labelled:
        if field.label is not None and not chooser.label.flows_to(field.label):
            body.report(errors_structs.field_under(body, span, field, chooser))
            return False
    if not plain:
        return True
    if place.own_label is None and local.slot is not None:
        _lower(body, local, value, branch, place.at, span)
        return _only_own(body, place, span) and may_hold(body, local.label, span)
    label = place.label
    if not value.label.flows_to(label):
        body.report(errors_flow.into_place(body, value, place.span, place.holder, label))
        return False
    if not branch.label.flows_to(label):
        body.report(errors_flow.assigned_under(body, place.span, place.holder, label, branch))
        return False
    if not place.at.label.flows_to(label):
        body.report(errors_flow.written_at(body, place.span, place.holder, label, place.at))
        return False
    return may_hold(body, label, span)


def _lower(body: Body, local: Local, value: Typed, branch: Traced, at: Traced, span: Span) -> None:
    """Lower the label of a variable to that of the assigned value."""
    reasons = (
        (value.traced, "it gets this value", value.span),
        (branch, "it is assigned here, in a branch on such a condition", span),
        (at, "the index of this assignment is", span),
    )
    for traced, reason, place in reasons:
        if not traced.label.is_public:
            causes = () if traced.why is None else (traced.why,)
            label = body.name_label(local.label.meet(traced.label))
            message = f"`{local.name}` is `{label}` because {reason}"
            body.lower(local, Traced(traced.label, Why(message, place, causes)))


def _only_own(body: Body, place: Target, span: Span) -> bool:
    """Return whether a party that runs alone assigns only its own variables; report it if not."""
    alone = body.pc.alone
    if alone is None:
        return True
    start = next(i for i, b in enumerate(body.pc.branches) if b.alone)
    if place.local.depth > start:
        return True
    plain, labelled = leaves(place.type)
    labels = [f.label for f in labelled if f.label is not None]
    if plain and (place.own_label is not None or place.local.slot is None):
        labels.append(place.label)
    elif plain and not place.local.label.readable_by(alone):
        labels.append(place.local.label)
    for label in labels:
        if not label.is_public and label.owner != alone:
            body.report(
                errors_flow.assigned_alone(body, span, place.local, label, body.pc.branches[start])
            )
            return False
    return True

"""Errors about where information goes (EZ3): one constructor each.

All of them say where something would become known, by which way it got there, and how to
write what was probably meant.
"""

from __future__ import annotations

from dataclasses import dataclass

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.labels import PUBLIC, Label
from ezlang.types.types import Field

from ..context import Body, Effect, Local
from ..items import FunctionInfo
from ..program_counter import Branch, BranchKind
from ..provenance import Traced, way
from ..values import Typed
from .wording import code


def knows(body: Body, label: Label) -> str:
    """Return who may know a value with a label, as a clause."""
    if label.is_public:
        return "everyone may know it"
    if label.owner is not None:
        return f"only `{body.world.parties[label.owner]}` may know it"
    return "no one may know it"


def release(body: Body, span: Span, to: Label) -> str:
    """Return how to release a value on purpose."""
    expression = code(span).strip("`")
    if to.owner is not None:
        party = body.world.parties[to.owner]
        return f"to let `{party}` learn it, release it on purpose: `reveal({expression}, {party})`"
    return f"to let everyone learn it, release it on purpose: `reveal({expression})`"


# Values that flow to readers who may not know them


def into_declaration(body: Body, value: Typed, node: syntax.Declare, to: Label) -> Diagnostic:
    """A variable declared with a label that its value doesn't flow to."""
    has, wants = body.name_label(value.label), body.name_label(to)
    better = f"Declare it `{has} {node.type.span.text} {node.name.text}`"
    return Diagnostic(
        code="EZ3001",
        message=f"`{node.name.text}` is `{wants}`, but its value is `{has}`",
        span=value.span,
        label=knows(body, value.label),
        notes=way(value.why),
        help=f"{better}; or, {release(body, value.span, to)}.",
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the label of a place: a variable, or a field that wrote one. `name` is quoted."""

    name: str
    declared: Span | None

    @property
    def notes(self) -> tuple[Note, ...]:
        """Where the variable is declared."""
        if self.declared is None:
            return ()
        return (Note(message=f"{self.name} is declared here", span=self.declared),)


def _met(body: Body, label: Label, other: Label) -> str:
    """Return the label that both flow to."""
    return body.name_label(label.meet(other))


def into_place(body: Body, value: Typed, place: Span, holder: Holder, to: Label) -> Diagnostic:
    """An assignment of a value that doesn't flow to the label of the variable or field."""
    has, wants = body.name_label(value.label), body.name_label(to)
    return Diagnostic(
        code="EZ3001",
        message=f"{code(place)} is `{wants}`, but what is assigned to it is `{has}`",
        span=value.span,
        label=knows(body, value.label),
        notes=(*way(value.why), *holder.notes),
        help=f"Declare {holder.name} as `{_met(body, value.label, to)}`, or without a label; or, "
        f"{release(body, value.span, to)}.",
    )


def into_parameter(
    body: Body, value: Typed, function: FunctionInfo, parameter: syntax.Parameter, to: Label
) -> Diagnostic:
    """An argument that doesn't flow to the written label of its parameter."""
    has, wants = body.name_label(value.label), body.name_label(to)
    name = parameter.name.text
    return Diagnostic(
        code="EZ3002",
        message=f"The parameter `{name}` of `{function.name}` is `{wants}`, "
        f"but this argument is `{has}`",
        span=value.span,
        label=knows(body, value.label),
        notes=(*way(value.why), Note(message=f"`{name}` is declared here", span=parameter.span)),
        help=f"Leave the label of `{name}` out, so that it takes any; or, "
        f"{release(body, value.span, to)}.",
    )


def into_result(body: Body, value: Typed, function: syntax.FunctionItem, to: Label) -> Diagnostic:
    """A `return` of a value that doesn't flow to the written label of the result."""
    has, wants = body.name_label(value.label), body.name_label(to)
    written = function.return_label.span if function.return_label is not None else None
    return Diagnostic(
        code="EZ3003",
        message=f"`{function.name.text}` returns a `{wants}` value, but this is `{has}`",
        span=value.span,
        label=knows(body, value.label),
        notes=(*way(value.why), Note(message="The label is written here", span=written)),
        help=f"Leave the label of the result out; or, {release(body, value.span, to)}.",
    )


def assigned_under(
    body: Body, place: Span, holder: Holder, to: Label, branch: Traced
) -> Diagnostic:
    """An assignment that tells which branch was taken."""
    has, wants = body.name_label(branch.label), body.name_label(to)
    entered = next(b for b in body.pc.branches if not b.label.flows_to(to) and not b.selects)
    return Diagnostic(
        code="EZ3005",
        message=f"{code(place)} is `{wants}`, but whether it is assigned here is `{has}`",
        span=place,
        label="its value would tell which branch was taken",
        notes=(_branch_note(body, entered), *way(entered.why), *holder.notes),
        help=f"Declare {holder.name} as `{_met(body, branch.label, to)}`, or without a label; or "
        "assign a variable that is declared inside the branch, if it is used only there.",
    )


def _branch_note(body: Body, branch: Branch) -> Note:
    label = body.name_label(branch.label)
    if branch.kind is BranchKind.CALL:
        message = f"This call stands in a branch on a `{label}` condition"
    else:
        part = "bounds" if branch.kind is BranchKind.FOR else "condition"
        verb = "are" if branch.kind is BranchKind.FOR else "is"
        message = f"The {part} of this {branch.kind.value} {verb} `{label}`"
    return Note(message=message, span=branch.span)


def written_at(body: Body, place: Span, holder: Holder, to: Label, at: Traced) -> Diagnostic:
    """An assignment to an element whose index doesn't flow to the array's label."""
    has, wants = body.name_label(at.label), body.name_label(to)
    return Diagnostic(
        code="EZ3006",
        message=f"{code(place)} is `{wants}`, but the index that it is written at is `{has}`",
        span=place,
        label="the elements would tell the index",
        notes=(*way(at.why), *holder.notes),
        help=f"Declare {holder.name} as `{_met(body, at.label, to)}`, or without a label.",
    )


def secret_loop(body: Body, what: str, value: Typed) -> Diagnostic:
    """A loop whose length would depend on a secret."""
    return Diagnostic(
        code="EZ3007",
        message=f"The {what} is secret, but everyone sees how often a loop runs",
        span=value.span,
        label=knows(body, value.label),
        notes=way(value.why),
        help="Loop up to a public bound, and decide inside with an `if`: "
        "`for i in 0..n { if i < k { … } }`",
    )


def effect_in_branch(body: Body, what: str, span: Span, branch: Branch) -> Diagnostic:
    """An input, release or assertion whose happening would tell a condition."""
    return Diagnostic(
        code="EZ3008",
        message=f"{what} cannot stand in a branch on a `{body.name_label(branch.label)}` condition",
        span=span,
        label="everyone would see that it happens",
        notes=(_branch_note(body, branch), *way(branch.why)),
        help=_MOVES[what],
    )


_MOVES = {
    "`input`": "Read the input before the branch; it may stay unused.",
    "`output`": "Choose the value with a variable or `? :`, and output it after the branch.",
    "`reveal`": "Choose the value with a variable or `? :`, and reveal it outside of the branch.",
    "`assert`": "Assert it outside of the branch; what must hold there is public.",
}
"""How to move what may not stand in a branch out of it."""


def effect_in_call(
    body: Body, span: Span, function: str, effect: Effect, branch: Branch
) -> Diagnostic:
    """A call, in such a branch, of a function that has an input, release or assertion."""
    label = body.name_label(branch.label)
    return Diagnostic(
        code="EZ3009",
        message=f"`{function}` cannot be called in a branch on a `{label}` condition: "
        f"it has {_article(effect.what)} {effect.what}",
        span=span,
        label="everyone would see that it is called",
        notes=(
            Note(message=f"The {effect.what} stands here", span=effect.span),
            _branch_note(body, branch),
            *way(branch.why),
        ),
        help=f"Call it before or after the branch, or move the {effect.what} out of `{function}`.",
    )


def _article(what: str) -> str:
    return "an" if what.strip("`")[0] in "aeiou" else "a"


def return_in_branch(body: Body, span: Span, branch: Branch) -> Diagnostic:
    """A `return` whose happening would tell a condition."""
    label = body.name_label(branch.label)
    return Diagnostic(
        code="EZ3010",
        message=f"`return` cannot stand in a branch on a `{label}` condition",
        span=span,
        label="everyone would see when the function ends",
        notes=(_branch_note(body, branch), *way(branch.why)),
        help="Assign the result to a variable inside the branch, and return that at the end: "
        "`return c ? x : y;`",
    )


# What one party runs alone


def used_alone(body: Body, value: Typed, label: Label, field: Field | None) -> Diagnostic:
    """A value used in a branch that is run by a party alone who may not know the value."""
    party = _alone(body)
    what = code(value.span) if field is None else f"the field `{field.name}`"
    return Diagnostic(
        code="EZ3011",
        message=f"`{party}` runs this alone, but {what} is `{body.name_label(label)}`",
        span=value.span,
        label=knows(body, label),
        notes=(*_alone_notes(body), *(way(value.why) if field is None else ())),
        help=_share_first(body),
    )


def made_alone(body: Body, span: Span, label: Label) -> Diagnostic:
    """A value given a label, in a branch that is run by a party alone who is not its reader."""
    return Diagnostic(
        code="EZ3011",
        message=f"`{_alone(body)}` runs this alone, and cannot make a "
        f"`{body.name_label(label)}` value",
        span=span,
        label=f"would be `{body.name_label(label)}`",
        notes=_alone_notes(body),
        help=_share_first(body),
    )


def assigned_alone(
    body: Body, span: Span, local: Local, label: Label, branch: Branch
) -> Diagnostic:
    """An assignment, in such a branch, to a variable that is not the party's own."""
    party = _alone(body)
    return Diagnostic(
        code="EZ3012",
        message=f"`{party}` runs this alone, and cannot assign `{local.name}`, "
        f"which is `{body.name_label(label)}`",
        span=span,
        label="the others take no part in this",
        notes=(
            _branch_note(body, branch),
            *way(branch.why),
            Note(message=f"`{local.name}` is declared here", span=local.span),
        ),
        help=f"Compute the value in a variable `@{party} …` declared outside, and assign "
        f"`{local.name}` after the branch; or {_share_first(body, start=False)}",
    )


def _alone(body: Body) -> str:
    owner = body.pc.alone
    assert owner is not None
    return body.world.parties[owner]


def _alone_notes(body: Body) -> tuple[Note, ...]:
    branch = next(b for b in body.pc.branches if b.alone)
    return (_branch_note(body, branch), *way(branch.why))


def _share_first(body: Body, start: bool = True) -> str:
    text = "share the condition first, so that all take part: `secret bool c = …; if c { … }`"
    return text[0].upper() + text[1:] if start else text


# The rest


def assert_not_public(body: Body, value: Typed) -> Diagnostic:
    """An assertion about what not everyone may know."""
    return Diagnostic(
        code="EZ3013",
        message=f"The condition of `assert` is `{body.name_label(value.label)}`, "
        "but everyone sees whether it holds",
        span=value.span,
        label=knows(body, value.label),
        notes=way(value.why),
        help=f"Assert something public; or, {release(body, value.span, PUBLIC)}.",
    )


def input_without_label(node: syntax.Declare) -> Diagnostic:
    """A declaration that takes an input without saying who will know it."""
    assert isinstance(node.value, syntax.Input)
    party, rest = node.value.party.text, f"{node.type.span.text} {node.name.text}"
    return Diagnostic(
        code="EZ3014",
        message=f"`{node.name.text}` takes an input, and needs a label that says who will know it",
        span=node.type.span.to(node.name.span),
        label="secret?",
        help=f"Write `secret {rest}` to share it among the parties, or `@{party} {rest}` if only "
        f"`{party}` computes with it.",
    )


def secret_size(body: Body, span: Span, value: Typed) -> Diagnostic:
    """A size that depends on what not everyone may know."""
    return Diagnostic(
        code="EZ3017",
        message=f"A size is public, and this is `{body.name_label(value.label)}`",
        span=span,
        label=knows(body, value.label),
        notes=way(value.why),
        help="Make the array as large as it may become, and count in a secret variable how much "
        "of it is used.",
    )

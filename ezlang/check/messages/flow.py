"""Errors about information flow (EZ3), one constructor each.

Each message says where a value would become known, how it got there, and how to write what was
probably meant.
"""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, Note
from ezlang.records import dataclass
from ezlang.source import Span
from ezlang.syntax import tree as syntax
from ezlang.types.labels import PUBLIC, Label
from ezlang.types.types import Field

from ..context import Body, Effect, Local
from ..items import FunctionInfo
from ..program_counter import Branch, BranchKind
from ..provenance import Traced, way
from ..untyped import Typed
from .wording import code


def knows(body: Body, label: Label) -> str:
    """Return a clause that says who may know a value with a label."""
    if label.is_public:
        return "everyone may know it"
    if label.owner is not None:
        return f"only `{body.world.parties[label.owner]}` may know it"
    return "no one may know it"


def release(body: Body, span: Span, to: Label) -> str:
    """Return a clause that says how to release a value on purpose."""
    expression = code(span).strip("`")
    if to.owner is not None:
        party = body.world.parties[to.owner]
        return f"to let `{party}` learn it, release it on purpose: `reveal({expression}, {party})`"
    return f"to let everyone learn it, release it on purpose: `reveal({expression})`"


# Values that flow to readers who may not know them


def into_declaration(body: Body, value: Typed, node: syntax.Declare, to: Label) -> Diagnostic:
    """A declaration with a label that the value doesn't flow to."""
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
    """The variable or field (with a label of its own) that is assigned; `name` is quoted."""

    name: str
    declared: Span | None

    @property
    def notes(self) -> tuple[Note, ...]:
        """A note that shows the declaration."""
        if self.declared is None:
            return ()
        return (Note(message=f"{self.name} is declared here", span=self.declared),)


def _met(body: Body, label: Label, other: Label) -> str:
    """Return the meet of two labels as text."""
    return body.name_label(label.meet(other))


def into_place(body: Body, value: Typed, place: Span, holder: Holder, to: Label) -> Diagnostic:
    """An assignment of a value that doesn't flow to the label of the variable or field."""
    has, wants = body.name_label(value.label), body.name_label(to)
    return Diagnostic(
        code="EZ3001",
        message=f"{code(place)} is `{wants}`, but the assigned value is `{has}`",
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
        help=f"Leave out the label of `{name}`, so that it takes values of any label; or, "
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
        help=f"Leave out the label of the result; or, {release(body, value.span, to)}.",
    )


def assigned_under(
    body: Body, place: Span, holder: Holder, to: Label, branch: Traced
) -> Diagnostic:
    """An assignment that reveals which branch was taken."""
    has, wants = body.name_label(branch.label), body.name_label(to)
    entered = next(b for b in body.pc.branches if not b.label.flows_to(to) and not b.selects)
    return Diagnostic(
        code="EZ3005",
        message=f"{code(place)} is `{wants}`, but whether it is assigned here is `{has}`",
        span=place,
        label="its value would reveal which branch was taken",
        notes=(_branch_note(body, entered), *way(entered.why), *holder.notes),
        help=f"Declare {holder.name} as `{_met(body, branch.label, to)}`, or without a label; or, "
        "if it is used only inside the branch, declare the variable there.",
    )


def _branch_note(body: Body, branch: Branch) -> Note:
    label = body.name_label(branch.label)
    if branch.kind is BranchKind.CALL:
        message = f"This call is in a branch on a `{label}` condition"
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
        message=f"{code(place)} is `{wants}`, but the index of the assignment is `{has}`",
        span=place,
        label="the elements would reveal the index",
        notes=(*way(at.why), *holder.notes),
        help=f"Declare {holder.name} as `{_met(body, at.label, to)}`, or without a label.",
    )


def secret_loop(body: Body, what: str, value: Typed) -> Diagnostic:
    """A loop whose length depends on a secret."""
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
    """An input, release or assertion that would reveal a condition by happening."""
    return Diagnostic(
        code="EZ3008",
        message=f"{what} is not allowed in a branch on a "
        f"`{body.name_label(branch.label)}` condition",
        span=span,
        label="everyone would see that it happens",
        notes=(_branch_note(body, branch), *way(branch.why)),
        help=_MOVES[what],
    )


_MOVES = {
    "`input`": "Read the input before the branch; it may stay unused.",
    "`output`": "Select the value with a variable or `? :`, and output it after the branch.",
    "`reveal`": "Select the value with a variable or `? :`, and reveal it outside the branch.",
    "`random`": "Draw the number before the branch; it may stay unused.",
    "`random_below`": "Draw the number before the branch; it may stay unused.",
    "`assert`": "Assert it outside the branch, where its condition must be public.",
}
"""How to move an operation that is not allowed in a branch out of it."""


def effect_in_call(
    body: Body, span: Span, function: str, effect: Effect, branch: Branch
) -> Diagnostic:
    """A call, in such a branch, of a function that contains an input, release or assertion."""
    label = body.name_label(branch.label)
    return Diagnostic(
        code="EZ3009",
        message=f"`{function}` cannot be called in a branch on a `{label}` condition: "
        f"it has {_article(effect.what)} {effect.what}",
        span=span,
        label="everyone would see that it is called",
        notes=(
            Note(message=f"The {effect.what} is here", span=effect.span),
            _branch_note(body, branch),
            *way(branch.why),
        ),
        help=f"Call it before or after the branch, or move the {effect.what} out of `{function}`.",
    )


def _article(what: str) -> str:
    return "an" if what.strip("`")[0] in "aeiou" else "a"


def return_in_branch(body: Body, span: Span, branch: Branch) -> Diagnostic:
    """A `return` that would reveal a condition by happening."""
    label = body.name_label(branch.label)
    return Diagnostic(
        code="EZ3010",
        message=f"`return` is not allowed in a branch on a `{label}` condition",
        span=span,
        label="everyone would see when the function ends",
        notes=(_branch_note(body, branch), *way(branch.why)),
        help="Assign the result to a variable inside the branch, and return the variable at the "
        "end: `return c ? x : y;`",
    )


def leave_in_branch(body: Body, span: Span, word: str, branch: Branch) -> Diagnostic:
    """A `break` or `continue` that would reveal a condition by happening."""
    label = body.name_label(branch.label)
    if word == "continue":
        advice = "Put the rest of the body into an `if` on the opposite condition."
    elif branch.label.is_owned:
        advice = (
            f"Only a loop that `{label[1:]}` runs alone can be left like this: "
            f"`while c {{ … }}`, where `c` is `{label}`."
        )
    else:
        advice = (
            "Let the loop run to its end, and remember in a variable whether it would be over: "
            "`bool going = true;` before it, `going = going && !c;` for `if c { break; }`, and the "
            "rest of the body in `if going { … }`."
        )
    return Diagnostic(
        code="EZ3018",
        message=f"`{word}` is not allowed in a branch on a `{label}` condition",
        span=span,
        label="everyone would see how often the loop runs"
        if word == "break"
        else "everyone would see which turns end here",
        notes=(_branch_note(body, branch), *way(branch.why)),
        help=advice,
    )


# Code that one party runs alone


def used_alone(body: Body, value: Typed, label: Label, field: Field | None) -> Diagnostic:
    """A value, in a branch that a party runs alone, that this party may not know."""
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
    """A value that is made in a branch run by a party alone, which may not know the value."""
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
        label="the other parties take no part in this",
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
    text = (
        "share the condition first, so that all parties take part: `secret bool c = …; if c { … }`"
    )
    return text[0].upper() + text[1:] if start else text


# Other errors


def assert_not_public(body: Body, value: Typed) -> Diagnostic:
    """An assertion on a value that is not public."""
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
    """A declaration that takes an input without a label that says who will know it."""
    assert isinstance(node.value, syntax.Input)
    party, rest = node.value.giver, f"{node.type.span.text} {node.name.text}"
    return Diagnostic(
        code="EZ3014",
        message=f"`{node.name.text}` takes an input, and needs a label that says who will know it",
        span=node.type.span.to(node.name.span),
        label="secret?",
        help=f"Write `secret {rest}` to share it among the parties, or `@{party} {rest}` if only "
        f"`{party}` computes with it.",
    )


def turn_not_public(body: Body, value: Typed) -> Diagnostic:
    """A turn that not everybody knows."""
    return Diagnostic(
        code="EZ3020",
        message=f"A turn is public, but this is `{body.name_label(value.label)}`",
        span=value.span,
        label=knows(body, value.label),
        notes=way(value.why),
        help=f"Count the turns in a public variable; or, {release(body, value.span, PUBLIC)}.",
    )


def bound_not_public(body: Body, value: Typed) -> Diagnostic:
    """The bound of a random number that not everybody knows."""
    return Diagnostic(
        code="EZ3021",
        message="The bound of a random number is public, "
        f"but this is `{body.name_label(value.label)}`",
        span=value.span,
        label=knows(body, value.label),
        notes=way(value.why),
        help=f"{release(body, value.span, PUBLIC)[0].upper()}"
        f"{release(body, value.span, PUBLIC)[1:]}.",
    )


def secret_size(body: Body, span: Span, value: Typed) -> Diagnostic:
    """A size that depends on a value that is not public."""
    return Diagnostic(
        code="EZ3017",
        message=f"A size is public, and this is `{body.name_label(value.label)}`",
        span=span,
        label=knows(body, value.label),
        notes=way(value.why),
        help="Make the array as large as it may become, and keep the number of used elements in a "
        "secret variable.",
    )

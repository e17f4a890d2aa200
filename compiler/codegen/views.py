"""Values that need no memory of their own: they are seen through another value.

- A `Reshape` is its operand, and so is a `Relabel` or `Reveal` that changes nothing at this party.
- A scalar's `Broadcast` (and a constant that repeats one element) stays one element, read with
  stride 0, where element-wise operations are all that use it.

Every other value is its own *root*. Liveness and storage know only of roots.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir import tree as ir
from ..ir.sharings import is_interactive
from .forms import Form, Role


@dataclass(frozen=True, slots=True)
class View:
    """A value as it is found: `root`'s memory or register; `repeated`: its one element, again
    and again.
    """

    root: ir.Value
    repeated: bool = False


@dataclass(slots=True)
class Views:
    """The views and forms of all values of one function at one party."""

    role: Role
    views: dict[int, View] = field(default_factory=dict)
    forms: dict[int, Form] = field(default_factory=dict)
    _users: dict[int, list[ir.Operation | None]] = field(default_factory=dict)

    def of(self, value: ir.Value) -> View:
        """Return the view of a value."""
        return self.views.get(value.id) or View(value)

    def form(self, value: ir.Value) -> Form:
        """Return the form of the root behind a value."""
        root = self.of(value).root
        return self.forms.get(root.id) or self.role.form(root)

    def count(self, root: ir.Value) -> int:
        """Return how many elements a root holds: those of its type, or one that is repeated."""
        view = self.views.get(root.id)
        return 1 if view is not None and view.repeated else root.type.size

    def see(self, region: ir.Region) -> None:
        """Find the views of everything in a function's body."""
        self._note_users(region)
        for operation in ir.walk(region):
            self._see_operation(operation)

    def _note_users(self, region: ir.Region) -> None:
        for operation in region.operations:
            for value in operation.operands:
                self._users.setdefault(value.id, []).append(operation)
            for inner in operation.regions:
                self._note_users(inner)
        for value in region.yields:
            self._users.setdefault(value.id, []).append(None)

    def _see_operation(self, operation: ir.Operation) -> None:
        match operation:
            case ir.Reshape():
                operand, result = operation.operands[0], operation.result
                if self.of(operand).repeated or self._same(operand, result):
                    self._share_view(operand, result)
            case ir.Relabel() | ir.Reveal():
                operand, result = operation.operands[0], operation.result
                if self._same(operand, result):
                    self._share_view(operand, result)
                elif self.of(operand).repeated and self._is_kept_repeated(result):
                    self.views[result.id] = View(result, repeated=True)
            case ir.Broadcast():
                operand, result = operation.operands[0], operation.result
                if operand.type.size == 1 and self._is_kept_repeated(result):
                    self.views[result.id] = View(self.of(operand).root, repeated=True)
            case ir.Constant() if operation.result.type.shape and len(operation.data) == 1:
                if self._is_kept_repeated(operation.result):
                    self.views[operation.result.id] = View(operation.result, repeated=True)
                    self.forms[operation.result.id] = Form.REGISTER
            case _:
                pass

    def _same(self, operand: ir.Value, result: ir.Value) -> bool:
        """Tell whether a result is its operand, unchanged, at this party."""
        form = self.form(operand)
        wanted = self.role.form(result)
        if form is Form.ABSENT:
            return False
        if form.is_secret or wanted.is_secret:
            return form is wanted
        return form is wanted or (self.of(operand).repeated and form is Form.REGISTER)

    def _share_view(self, operand: ir.Value, result: ir.Value) -> None:
        self.views[result.id] = self.of(operand)

    def _is_kept_repeated(self, value: ir.Value) -> bool:
        """Tell whether all that use a value can read it with stride 0."""
        return all(self._reads_repeated(user) for user in self._users.get(value.id, ()))

    def _reads_repeated(self, user: ir.Operation | None) -> bool:
        match user:
            case None:
                return False
            case ir.Reshape():
                return self._is_kept_repeated(user.result)
            case ir.Relabel():
                # Sharing what repeats shares one element; the result repeats, or copies it.
                return not is_interactive(user) and (
                    (
                        self.role.form(user.result).is_secret
                        and not user.operands[0].type.label.is_secret
                    )
                    or self._is_kept_repeated(user.result)
                )
            case _:
                # What runs on shares by messages is given whole arrays.
                return isinstance(user, ir.Elementwise) and not is_interactive(user)
